import type { ProbeAnswer, ProbeCall } from "../config/probe-types.ts";
import { connectProbe, type ProbeClient, type ProbeTls } from "../envoy/probe/client.ts";
import {
	type CheckAnswer,
	isReleasedWhole,
	type ProcessAnswer,
	readCheckResponse,
	readHealthResponse,
	readProcessingResponse,
	writeCheckRequest,
	writeHealthRequest,
	writeResponseBody,
	writeResponseHeaders,
} from "../envoy/probe/messages.ts";
import { AUTHORIZATION } from "../envoy/transport/service-names.ts";
import type { Clock } from "../lib/clock.ts";
import { errorMessage } from "../lib/error-message.ts";

export interface ProbeOptions {
	/** `HOST:PORT` or `unix:///PATH`. */
	readonly address: string;
	/** Undefined: plain text. */
	readonly tls?: ProbeTls;
	/** For each call. */
	readonly timeoutMs: number;
	readonly calls: readonly ProbeCall[];
}

/** What came of one thing that was tried. */
export interface ProbeResult {
	readonly name: string;
	readonly kind: "health" | "check" | "mask";
	readonly ok: boolean;
	/** What was seen, and where it is not as expected, what was expected. Never a body. */
	readonly message: string;
	readonly milliseconds: number;
}

/**
 * Asks for health, then makes each call; goes on after a failure, but not where nothing answers.
 *
 * @throws PosternError `usage` for TLS files that cannot be used
 */
export async function probe(options: ProbeOptions, clock: Clock): Promise<readonly ProbeResult[]> {
	const client = connectProbe(options.address, options.tls, options.timeoutMs);
	try {
		const results: ProbeResult[] = [];
		for (const service of ["", AUTHORIZATION]) {
			const result = await timed("health", service === "" ? "health" : `health ${service}`, clock, () =>
				askHealth(client, service),
			);
			results.push(result);
			if (result.message.startsWith(UNREACHED)) return results;
		}
		for (const [index, call] of options.calls.entries()) {
			results.push(...(await makeCall(client, call, `probe-${index + 1}`, clock)));
		}
		return results;
	} finally {
		client.close();
	}
}

interface Seen {
	readonly ok: boolean;
	readonly message: string;
}

const UNREACHED = "failed: ";

async function timed(
	kind: ProbeResult["kind"],
	name: string,
	clock: Clock,
	attempt: () => Promise<Seen>,
): Promise<ProbeResult> {
	const started = clock.monotonic();
	let seen: Seen;
	try {
		seen = await attempt();
	} catch (thrown) {
		seen = { ok: false, message: UNREACHED + errorMessage(thrown) };
	}
	return { name, kind, ...seen, milliseconds: Math.round((clock.monotonic() - started) * 100) / 100 };
}

async function askHealth(client: ProbeClient, service: string): Promise<Seen> {
	const status = readHealthResponse(await client.health(writeHealthRequest(service)));
	return { ok: status === "SERVING", message: status };
}

async function makeCall(
	client: ProbeClient,
	call: ProbeCall,
	id: string,
	clock: Clock,
): Promise<readonly ProbeResult[]> {
	let answer: CheckAnswer | undefined;
	const check = await timed("check", call.name, clock, async () => {
		const bytes = writeCheckRequest(call, id, Math.floor(clock.now() / 1000));
		answer = readCheckResponse(await client.check(bytes));
		return judge(answer, call);
	});
	const expected = call.answer;
	if (expected === undefined || answer === undefined || !answer.allowed) return [check];
	const { metadata } = answer;
	const whole = isReleasedWhole(answer);
	const mask = await timed("mask", `answer of ${call.name}`, clock, async () =>
		compare(whole ? { body: expected.body } : await exchange(client, call, expected, metadata), expected),
	);
	return [check, mask];
}

function judge(answer: CheckAnswer, { expect, status }: ProbeCall): Seen {
	const seen = answer.allowed ? "allowed" : `denied with ${answer.status}`;
	const wanted = expect === "allow" ? "allowed" : status === undefined ? "denied" : `denied with ${status}`;
	const ok = answer.allowed === (expect === "allow") && (status === undefined || answer.status === status);
	return { ok, message: ok ? seen : `${seen}, expected: ${wanted}` };
}

/** What the caller would get. */
type Shown = { readonly body: string } | { readonly replacedBy: number } | { readonly broken: string };

/** The exchange that Envoy has with ext_proc about one answer. */
async function exchange(
	client: ProbeClient,
	{ method }: ProbeCall,
	{ body, contentType }: ProbeAnswer,
	metadata: CheckAnswer["metadata"],
): Promise<Shown> {
	const bytes = Buffer.from(body, "utf8");
	const answers: ProcessAnswer[] = [];
	await client.process(
		[writeResponseHeaders(contentType, bytes.length, method, metadata), writeResponseBody(bytes, metadata)],
		(message) => {
			const answer = readProcessingResponse(message);
			answers.push(answer);
			return answer.kind === "continue";
		},
	);
	const last = answers.at(-1);
	if (last?.kind === "replaced") return { replacedBy: last.status };
	if (answers.length < 2 || last?.kind !== "continue") return { broken: "the stream ended too early" };
	return { body: last.body === undefined ? body : last.body.toString("utf8") };
}

function compare(shown: Shown, { body, shown: wanted }: ProbeAnswer): Seen {
	if ("broken" in shown) return { ok: false, message: shown.broken };
	if ("replacedBy" in shown)
		return { ok: false, message: `replaced by ${shown.replacedBy}, expected: shown` };
	const sizes = `${Buffer.byteLength(shown.body)} of ${Buffer.byteLength(body)} bytes shown`;
	if (shown.body === wanted) return { ok: true, message: sizes };
	const unmasked = shown.body === body ? ": the whole answer, unmasked" : "";
	return { ok: false, message: `${sizes}${unmasked}; not what was expected` };
}
