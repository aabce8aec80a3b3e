import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type RunningApp, startApp } from "../support/app-fixture.ts";
import { corporaDir } from "../support/corpora.ts";
import { headersOf, httpCheck, readAnswer } from "../support/ext-authz-messages.ts";
import { type Carrier, carriersOf, naughtyStrings, readSeen, TELLING_POLICY } from "../support/naughty.ts";
import { createTokenIssuer, type TokenIssuer } from "../support/token-issuer.ts";
import { until } from "../support/until.ts";

const strings = naughtyStrings(corporaDir());
let issuer: TokenIssuer;
let strict: RunningApp;
let open: RunningApp;

beforeAll(async () => {
	issuer = await createTokenIssuer();
	const start = (request: string) =>
		startApp({
			policy: TELLING_POLICY,
			files: { "keys.json": issuer.keySet },
			yaml: `identity: {jwt: {issuer: "${issuer.issuer}", audiences: [${issuer.audience}], jwks: keys.json}}\nrequest: ${request}\n`,
		});
	[strict, open] = await Promise.all([start("{}"), start("{ambiguous_paths: allow}")]);
}, 60_000);
afterAll(async () => {
	await Promise.all([strict.stop(), open.stop()]);
}, 30_000);

/** As Envoy sends it: with raw headers, or as a map of texts. */
function messageOf({ method, path, headers, body }: Carrier, raw: boolean): Buffer {
	const common = { method, path, ...(body === undefined ? {} : { rawBody: body }) };
	const length = body === undefined ? {} : { "content-length": String(body.length) };
	const given = { ":method": method, ":path": path, ":authority": "api.test", ...headers, ...length };
	return httpCheck(raw ? { ...common, raw: Object.entries(given) } : { ...common, headers: given });
}

/** Audit lines, once there are as many as wanted. */
async function linesOf(app: RunningApp, count: number): Promise<readonly string[]> {
	const read = () => readFileSync(join(app.folder, "audit.jsonl"), "utf8");
	await until(() => read().split("\n").length > count);
	const text = read();
	expect(text.endsWith("\n")).toBe(true);
	return text.slice(0, -1).split("\n");
}

interface Call {
	readonly text: string;
	readonly carrier: Carrier;
	readonly raw: boolean;
}

/** Every string in every place. */
async function calls(): Promise<readonly Call[]> {
	const all: Call[] = [];
	for (const text of strings) {
		for (const carrier of await carriersOf(text, issuer)) {
			all.push({ text, carrier, raw: true });
			if (carrier.place === "header") all.push({ text, carrier, raw: false });
		}
	}
	return all;
}

const AT_ONCE = 32;

/** Some at a time, for the answers come over a socket. */
async function each<T>(items: readonly T[], use: (item: T) => Promise<void>): Promise<void> {
	for (let at = 0; at < items.length; at += AT_ONCE)
		await Promise.all(items.slice(at, at + AT_ONCE).map(use));
}

describe("naughty strings as path, query, header, body and claim", () => {
	test("get one answer and one audit line each, and reach the policy as they are", async () => {
		const refused: Record<"path" | "form" | "subject", string[]> = { path: [], form: [], subject: [] };
		const wrong: unknown[] = [];
		const made = await calls();
		await each(made, async ({ text, carrier, raw }) => {
			const answer = readAnswer(await strict.client.check(messageOf(carrier, raw)));
			const { place, refusal, wanted } = carrier;
			if (refusal !== undefined && answer.deniedResponse?.status?.code === refusal) {
				refused[place as keyof typeof refused].push(text);
				return;
			}
			const told = headersOf(answer.okResponse?.responseHeadersToAdd)["x-seen"];
			const arrived = told === undefined ? answer : carrier.arrived(readSeen(told));
			if (!isDeepStrictEqual(arrived, wanted)) wrong.push({ place, raw, text, arrived, wanted });
		});
		expect(wrong).toEqual([]);

		const { path, form, subject } = refused;
		// As a segment of a path: what holds a separator, is a dot segment, or has no meaning.
		expect(path.length).toBeGreaterThan(20);
		expect(path.length).toBeLessThan((strings.length * 2) / 3);
		expect(path.filter((text) => /^[\w .-]*$/.test(text) && !/^\.{1,2}$/.test(text))).toEqual([]);
		// In a form: what looks like the mark of an encoding that was lost.
		expect(form.filter((text) => !text.includes("\ufffd"))).toEqual([]);
		// As a caller's name: what has control characters, or is none.
		// biome-ignore lint/suspicious/noControlCharactersInRegex: these are meant
		const nameless = /^$|[\0-\x1f\x7f-\x9f\u2028\u2029]/;
		expect(subject.filter((text) => !nameless.test(text) && text.length <= 1024)).toEqual([]);

		const lines = await linesOf(strict, made.length);
		expect(lines.length).toBe(made.length);
		const records = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
		expect(new Set(records.map((record) => record["decision_id"])).size).toBe(made.length);
		expect(records.every((record) => record["type"] === "decision")).toBe(true);
		const because = (reason: string) => records.filter((record) => record["reason"] === reason).length;
		expect(because("path_ambiguous")).toBe(path.length);
		expect(because("body_unread")).toBe(form.length);
		expect(because("token_invalid")).toBe(subject.length);
		expect(because("allowed")).toBe(made.length - path.length - form.length - subject.length);
		// A caller's name is in the record, whatever it is.
		const names = new Set(records.map((record) => (record["caller"] as { id?: string }).id));
		expect(strings.filter((text) => !subject.includes(text) && !names.has(text))).toEqual([]);
		process.stdout.write(
			`naughty strings: ${strings.length} strings, ${made.length} calls and answers, ${lines.length} audit lines\n`,
		);
	}, 300_000);

	test("reach the policy as segments too, where ambiguous paths are allowed", async () => {
		const wrong: unknown[] = [];
		let refused = 0;
		const paths = (await calls()).filter(({ carrier }) => carrier.place === "path");
		await each(paths, async ({ text, carrier }) => {
			const answer = readAnswer(await open.client.check(messageOf(carrier, true)));
			const told = headersOf(answer.okResponse?.responseHeadersToAdd)["x-seen"];
			if (told === undefined || carrier.arrived(readSeen(told)) !== text) wrong.push({ text, answer });
			// Not escaped at all: read as it is, or refused, but answered.
			const bare = readAnswer(await open.client.check(httpCheck({ path: `/${text}` })));
			if (bare.status?.code === 0) {
				const seen = headersOf(bare.okResponse?.responseHeadersToAdd)["x-seen"];
				expect(readSeen(String(seen)).path).toBe(`/${text}`);
			} else refused++;
		});
		expect(wrong).toEqual([]);
		expect(refused).toBeGreaterThan(0);
		const lines = await linesOf(open, strings.length * 2);
		expect(lines.length).toBe(strings.length * 2);
		for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
	}, 300_000);
});
