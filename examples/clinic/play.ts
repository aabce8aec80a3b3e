import { readFileSync } from "node:fs";
import type { CallRecords, createAuditTail } from "./audit-tail.ts";
import { type Answer, callHttp } from "./http-call.ts";
import { inline, readTree } from "./json-tree.ts";
import { PSEUDONYM, type Scene } from "./scenes.ts";
import type { Stage } from "./stage.ts";

/** One call as it went. */
export interface Played {
	readonly scene: Scene;
	readonly answer: Answer;
	readonly records: CallRecords;
	readonly reachedUpstream: boolean;
	/** What the service got and answered; empty where it was not called. */
	readonly upstream: { readonly sent: string; readonly answered: string };
	/** What was not as expected, in words; empty when all was. */
	readonly surprises: readonly string[];
}

function canonical(text: string): string {
	const tree = readTree(text);
	const line = tree === undefined ? text : inline(tree);
	return line.replaceAll(/"hmac:[A-Za-z0-9_-]{22}"/g, JSON.stringify(PSEUDONYM));
}

function surprisesOf(
	scene: Scene,
	answer: Answer,
	records: CallRecords,
	reachedUpstream: boolean,
	sent: string,
): readonly string[] {
	const { expected } = scene;
	const found: string[] = [];
	const check = (what: string, is: unknown, wanted: unknown) => {
		if (is !== wanted) found.push(`${what}: ${String(is)} instead of ${String(wanted)}`);
	};
	check("status", answer.status, expected.status);
	check("reached the service", reachedUpstream, expected.reachesUpstream);
	check("reason on record", records.decision?.reason, expected.reason);
	check("outcome on record", records.release?.outcome, expected.outcome);
	check("request's outcome on record", records.request?.outcome, expected.request);
	if (expected.sent !== undefined) check("what the service got", canonical(sent), canonical(expected.sent));
	if (expected.body !== undefined) check("body", canonical(answer.body), canonical(expected.body));
	return found;
}

/** Makes one call and compares everything about it with what was expected. */
export async function play(
	stage: Stage,
	tail: ReturnType<typeof createAuditTail> | undefined,
	scene: Scene,
): Promise<Played> {
	const { caller, method = "GET", path, body, expected } = scene;
	const before = stage.upstream.calls();
	const answer = await callHttp({
		port: caller.certificate ? stage.ports.edgeTls : stage.ports.edge,
		method,
		path,
		...(body === undefined ? {} : { body }),
		...(caller.token === undefined
			? {}
			: { headers: { authorization: `Bearer ${stage.keys.tokens[caller.token]}` } }),
		...(caller.certificate === undefined
			? {}
			: {
					tls: {
						ca: readFileSync(stage.keys.ca, "utf8"),
						certificate: readFileSync(stage.keys.billingCertificate, "utf8"),
						key: readFileSync(stage.keys.billingKey, "utf8"),
					},
				}),
	});
	const reachedUpstream = stage.upstream.calls() > before;
	const upstream = reachedUpstream ? stage.upstream.last() : { sent: "", answered: "" };
	const wanted = 1 + (expected.request === undefined ? 0 : 1) + (expected.outcome === undefined ? 0 : 1);
	const records = tail === undefined ? {} : await tail.next(wanted);
	return {
		scene,
		answer,
		records,
		reachedUpstream,
		upstream,
		surprises: surprisesOf(scene, answer, records, reachedUpstream, upstream.sent),
	};
}
