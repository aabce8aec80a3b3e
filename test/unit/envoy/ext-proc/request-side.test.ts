import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import type { ProcessDeps } from "../../../../src/envoy/ext-proc/deps.ts";
import {
	BOTH,
	BUFFERED,
	type HeaderPairs,
	handoffMetadata,
	type RequestOptions,
	requestBody,
	requestHeaders,
	requestTrailers,
	responseBody,
	responseHeaders,
} from "../../../support/ext-proc-messages.ts";
import { openStream, replacement, send } from "../../../support/process-exchange.ts";

const CONTINUE = 0;
const NONE = 0;
const WHOLE_BUFFERED = 2;
const SKIP = 2;
const SEND = 1;
const BODY = '{"name":"Ada","role":"SECRET","email":"ada@mail.example"}';
const WRITE = { release: ["$.name"], mask: [{ select: "$.email", as: "email" }] };
const WRITTEN = '{"name":"Ada","email":"a***@mail.example"}';
const WRITING = handoffMetadata({ request: WRITE });
const JSON_TYPE: readonly [string, string] = ["content-type", "application/json"];

async function request(
	options: RequestOptions,
	body?: string | Uint8Array,
	changes: Partial<ProcessDeps> = {},
) {
	const made = openStream(changes);
	const headers = await send(made.stream, requestHeaders(options));
	const answered = body === undefined ? undefined : await send(made.stream, requestBody(body));
	return { ...made, headers, body: answered };
}

// biome-ignore lint/suspicious/noExplicitAny: a decoded answer
const bodyOf = (answer: any): string | undefined =>
	answer.request_body?.response.body_mutation?.body?.toString();
const modes = (requestMode: number, responseMode: number) => ({
	response_header_mode: SEND,
	request_body_mode: requestMode,
	response_body_mode: responseMode,
	request_trailer_mode: requestMode === NONE ? SKIP : SEND,
	response_trailer_mode: responseMode === NONE ? SKIP : SEND,
});

describe("a request under a directive", () => {
	test("is masked before the upstream sees it, of a new length, and one record says so", async () => {
		const { headers, body, records, counted } = await request(
			{ metadata: WRITING, headers: [JSON_TYPE, ["content-length", String(BODY.length)]] },
			BODY,
		);
		expect(headers.request_headers.response.header_mutation.remove_headers).toEqual(["content-length"]);
		expect(bodyOf(body)).toBe(WRITTEN);
		const [length] = body.request_body.response.header_mutation.set_headers;
		expect([length.header.key, length.header.raw_value.toString()]).toEqual([
			"content-length",
			String(WRITTEN.length),
		]);
		expect(records).toEqual([
			{
				type: "release",
				time: "1970-01-01T00:00:00.000Z",
				direction: "request",
				decision_id: "d-1",
				op: "GET example.test /a",
				policy: { revision: "r1" },
				outcome: "released",
				fields: {
					released: [{ path: "$.name", count: 1 }],
					masked: [{ path: "$.email", as: "email", count: 1 }],
					withheld: [{ path: "$.role", count: 1 }],
					unknown: [],
					detected: [],
					truncated: false,
				},
			},
		]);
		expect(JSON.stringify(records)).not.toContain("SECRET");
		expect(counted).toContainEqual({
			name: "bodies",
			labels: { direction: "request", outcome: "released", reason: "released" },
			value: 1,
		});
	});

	test("its answer passes whole when nothing masks it, and Envoy need not hold it back", async () => {
		const { headers, stream, records } = await request({ metadata: WRITING }, BODY);
		expect(headers.mode_override).toEqual(modes(WHOLE_BUFFERED, NONE));
		const answer = await send(stream, responseHeaders({ metadata: WRITING, protocol: undefined }));
		expect(answer.response_headers.response).toEqual({ status: CONTINUE });
		expect(answer.mode_override).toEqual(modes(WHOLE_BUFFERED, NONE));
		expect(records).toHaveLength(1);
		expect(stream.mayEnd()).toBe(true);
	});

	test("and its answer are judged one after the other, with a record each", async () => {
		const metadata = handoffMetadata({ request: WRITE, response: { release: ["$.id"] } });
		const { headers, stream, records } = await request({ metadata }, BODY);
		expect(headers.mode_override).toEqual(modes(WHOLE_BUFFERED, WHOLE_BUFFERED));
		const answer = await send(stream, responseHeaders({ metadata, protocol: undefined }));
		expect(answer.mode_override).toBeUndefined();
		const body = await send(stream, responseBody('{"id":1,"ssn":"SECRET"}'));
		expect(body.response_body.response.body_mutation.body.toString()).toBe('{"id":1}');
		expect(records.map(({ direction, outcome }) => [direction, outcome])).toEqual([
			["request", "released"],
			["response", "released"],
		]);
	});

	test("of no body is on record too", async () => {
		const { headers, stream, records } = await request({ metadata: WRITING, endOfStream: true, headers: [] });
		expect(headers.request_headers.response).toEqual({ status: CONTINUE });
		expect(headers.mode_override).toEqual(modes(NONE, NONE));
		expect(records).toMatchObject([{ direction: "request", outcome: "released" }]);
		const answer = await send(stream, responseHeaders({ metadata: WRITING, protocol: undefined }));
		expect(answer.response_headers).toBeDefined();
	});

	test("with an empty body of no type passes empty", async () => {
		const { body } = await request({ metadata: WRITING, headers: [] }, "");
		expect(bodyOf(body)).toBe("");
	});

	test("that is coded is decoded, and goes on plain", async () => {
		const { headers, body } = await request(
			{ metadata: WRITING, headers: [JSON_TYPE, ["content-encoding", "gzip"]] },
			gzipSync(BODY),
		);
		expect(headers.request_headers.response.header_mutation.remove_headers).toEqual(["content-encoding"]);
		expect(bodyOf(body)).toBe(WRITTEN);
		expect(body.request_body.response.header_mutation.set_headers).toEqual([]);
	});

	test("loses its trailers, with a body and without one", async () => {
		for (const body of [BODY, undefined]) {
			const { stream } = openStream();
			await send(stream, requestHeaders({ metadata: WRITING, headers: [JSON_TYPE, ["trailer", "x-role"]] }));
			if (body !== undefined) expect(bodyOf(await send(stream, requestBody(body, false)))).toBe(WRITTEN);
			const answer = await send(stream, requestTrailers([["x-role", "SECRET"]]));
			expect(answer.request_trailers.header_mutation.remove_headers).toEqual(["x-role"]);
			expect(await send(stream, requestTrailers([]))).toEqual({ failed: "invalid" });
		}
	});

	test("of another type is judged where the directive names it", async () => {
		const named = (type: string) =>
			handoffMetadata({ request: { release: ["$.name"], media_types: [type] } });
		for (const [type, body, expected] of [
			["application/x-www-form-urlencoded", "name=Ada&role=SECRET", "name=Ada"],
			["application/x-ndjson", '{"name":1}\n{"role":2}\n', '{"name":1}\n{}\n'],
			["application/json-seq", '\x1e{"role":2}\n', "\x1e{}\n"],
		] as const)
			expect(
				bodyOf((await request({ metadata: named(type), headers: [["content-type", type]] }, body)).body),
			).toBe(expected);
		const { headers } = await request({
			metadata: named("text/event-stream"),
			headers: [["content-type", "text/event-stream"]],
		});
		expect(replacement(headers)).toEqual({ status: 415, reason: "body_unsupported" });
	});
});

describe("a request that cannot be masked goes no further", () => {
	test.each<[string, string | Uint8Array, HeaderPairs, number, string]>([
		["malformed", '{"name":', [JSON_TYPE], 400, "body_malformed"],
		["of two texts", "{}{}", [JSON_TYPE], 400, "body_malformed"],
		["empty", "", [JSON_TYPE], 400, "body_malformed"],
		["too deep", "[".repeat(600) + "]".repeat(600), [JSON_TYPE], 400, "body_too_deep"],
		["too large", `"${"x".repeat(1 << 20)}"`, [JSON_TYPE], 413, "body_too_large"],
		["of no type", BODY, [], 415, "body_unsupported"],
		[
			"a bomb",
			gzipSync(Buffer.alloc(1 << 25, 32)),
			[JSON_TYPE, ["content-encoding", "gzip"]],
			413,
			"body_too_large",
		],
		["falsely coded", BODY, [JSON_TYPE, ["content-encoding", "br"]], 400, "body_malformed"],
		["of names that differ by case", '{"name":1,"Name":2}', [JSON_TYPE], 422, "names_ambiguous"],
		["a masked view", '{"name":"[redacted]"}', [JSON_TYPE], 422, "mask_token"],
		["a masked view of what goes", '{"role":"[redacted]"}', [JSON_TYPE], 422, "mask_token"],
		...(
			[
				["content-digest", "sha-256=:x:"],
				["Repr-Digest", "x"],
				["content-md5", "x"],
				["signature", "sig1=:x:"],
				["x-hub-signature-256", "sha256=0"],
				["stripe-signature", "t=1"],
				["x-amz-content-sha256", "x"],
				["authorization", "AWS4-HMAC-SHA256 Credential=x"],
			] as const
		).map(([name, value]): [string, string, HeaderPairs, number, string] => [
			`bound by ${name}`,
			BODY,
			[JSON_TYPE, [name.toLowerCase(), value]],
			422,
			"body_signed",
		]),
	])("a body that is %s", async (_name, bytes, headers, status, reason) => {
		const { body, records, stream } = await request({ metadata: WRITING, headers }, bytes);
		expect(replacement(body)).toEqual({ status, reason });
		expect(records).toMatchObject([{ direction: "request", outcome: "replaced", reason, status }]);
		expect(stream.mayEnd()).toBe(true);
		// Envoy's own 413, say, which was on its way already.
		const late = await send(stream, responseHeaders({ metadata: WRITING, protocol: undefined }));
		expect(replacement(late)).toEqual({ status, reason });
		expect(records).toHaveLength(1);
	});

	test.each<[string, RequestOptions, number, string, Partial<ProcessDeps>?]>([
		["HTML", { metadata: WRITING, headers: [["content-type", "text/html"]] }, 415, "body_unsupported"],
		[
			"a form that no directive names",
			{ metadata: WRITING, headers: [["content-type", "application/x-www-form-urlencoded"]] },
			415,
			"body_unsupported",
		],
		["two types", { metadata: WRITING, headers: [JSON_TYPE, JSON_TYPE] }, 415, "body_unsupported"],
		[
			"an unknown coding",
			{ metadata: WRITING, headers: [JSON_TYPE, ["content-encoding", "aws-chunked"]] },
			415,
			"body_unsupported",
		],
		[
			"a length that Envoy cannot hold back",
			{ metadata: WRITING, headers: [JSON_TYPE, ["content-length", String((1 << 20) + 1)]] },
			413,
			"body_too_large",
		],
		[
			"an answer's directive nobody knows",
			{ metadata: handoffMetadata({ response: { relaese: [] } }) },
			502,
			"handoff_stale",
		],
		[
			"a part",
			{ metadata: WRITING, headers: [JSON_TYPE, ["content-range", "bytes 0-1/9"]] },
			415,
			"body_unsupported",
		],
		["an upgrade", { metadata: WRITING, headers: [["upgrade", "websocket"]] }, 403, "unmaskable_protocol"],
		["CONNECT", { metadata: WRITING, method: "CONNECT" }, 403, "unmaskable_protocol"],
		["a protocol", { metadata: WRITING, headers: [[":protocol", "x"]] }, 403, "unmaskable_protocol"],
		["no decision", { metadata: undefined }, 502, "no_decision"],
		["no decision, without a body", { metadata: undefined, endOfStream: true }, 502, "no_decision"],
		["a denial", { metadata: handoffMetadata({ verdict: "deny" }) }, 502, "denied_request"],
		["a hand-off nobody knows", { metadata: { ...WRITING, postern: "2" } }, 502, "handoff_stale"],
		[
			"all beside a directive",
			{ metadata: handoffMetadata({ request: WRITE, fields: "all" }) },
			502,
			"handoff_stale",
		],
		["some without a directive", { metadata: handoffMetadata({ fields: "some" }) }, 502, "handoff_stale"],
		[
			"a directive nobody knows",
			{ metadata: handoffMetadata({ request: { relaese: [] } }) },
			502,
			"handoff_stale",
		],
		[
			"another hash key",
			{
				metadata: handoffMetadata({
					request: { release: [], mask: [{ select: "$.a", as: "hash" }] },
					consumer: "c",
					hashKey: "k2",
				}),
			},
			502,
			"handoff_stale",
		],
	])("%s", async (...row) => {
		const [, options, status, reason, changes] = row;
		const { headers, records } = await request(options, undefined, changes);
		expect(replacement(headers)).toEqual({ status, reason });
		expect(records).toMatchObject([{ direction: "request", outcome: "replaced", reason }]);
	});

	test("a body that Envoy does not show here: refused before it leaves, and an alarm", async () => {
		const { headers, counted, log } = await request({ metadata: WRITING, protocol: BUFFERED });
		expect(replacement(headers)).toEqual({ status: 502, reason: "request_unjudged" });
		expect(counted).toContainEqual({ name: "unjudgedRequests", labels: {}, value: 1 });
		expect(log.lines).toMatchObject([{ level: "error", message: expect.stringContaining("ALARM") }]);
	});

	test("what cannot be recorded does not happen", async () => {
		const audit = { write: () => false, flush: async () => {}, close: async () => {} };
		const { body } = await request({ metadata: WRITING }, BODY, { audit });
		expect(replacement(body)).toEqual({ status: 503, reason: "audit_unavailable" });
		const { headers } = await request({ metadata: WRITING, endOfStream: true }, undefined, { audit });
		expect(replacement(headers)).toEqual({ status: 503, reason: "audit_unavailable" });
		const dropped = await request({ metadata: WRITING }, BODY, { audit, auditOverflow: "drop" });
		expect(bodyOf(dropped.body)).toBe(WRITTEN);
	});
});

describe("a signed request", () => {
	const signed: HeaderPairs = [JSON_TYPE, ["content-digest", "sha-256=:x:"]];
	test("passes when the directive leaves every byte as it is", async () => {
		const body = '{ "name" : "Ada" }';
		expect(bodyOf((await request({ metadata: WRITING, headers: signed }, body)).body)).toBe(body);
	});
	test("is refused when its coding would be undone", async () => {
		const headers: HeaderPairs = [...signed, ["content-encoding", "gzip"]];
		const { body } = await request({ metadata: WRITING, headers }, gzipSync('{"name":"Ada"}'));
		expect(replacement(body)).toEqual({ status: 422, reason: "body_signed" });
	});
});

test("mask tokens are those of the answer's directive, too", async () => {
	const response = { mask: [{ select: "$.name", as: "constant", value: "hidden by us" }] };
	const body = '{"name":"hidden by us"}';
	const metadata = handoffMetadata({ request: WRITE, response });
	expect(replacement((await request({ metadata }, body)).body)).toEqual({
		status: 422,
		reason: "mask_token",
	});
	expect(bodyOf((await request({ metadata: WRITING }, body)).body)).toBe(body);
});

describe("a request that needs no masking", () => {
	test.each<[string, RequestOptions["metadata"], Partial<ProcessDeps>, number]>([
		["released whole", handoffMetadata(), {}, NONE],
		["of an answer's directive alone", handoffMetadata({ response: { release: [] } }), {}, WHOLE_BUFFERED],
		["that nobody decided, where that is allowed", undefined, { withoutDecision: "pass" }, WHOLE_BUFFERED],
	])("%s: Envoy keeps its body", async (_name, metadata, changes, responseMode) => {
		const { headers, stream, records } = await request({ metadata }, undefined, changes);
		expect(headers.request_headers.response).toEqual({ status: CONTINUE });
		expect(headers.mode_override).toEqual(modes(NONE, responseMode));
		// Where the override is not allowed the body comes all the same, and passes explicitly.
		expect((await send(stream, requestBody("x"))).request_body.response).toEqual({ status: CONTINUE });
		expect((await send(stream, requestTrailers([["a", "b"]]))).request_trailers).toBeDefined();
		expect(stream.mayEnd()).toBe(false);
		expect(records).toEqual([]);
	});
});

describe("where Envoy streams answers, the request's headers say which are held back", () => {
	const PIECES = 1;
	const protocol = { request_body_mode: WHOLE_BUFFERED, response_body_mode: PIECES };
	test.each<[string, unknown, number]>([
		["one that may flow", { response: { release: [], stream: true } }, PIECES],
		["one that may not", { response: { release: [] } }, WHOLE_BUFFERED],
		["one that nothing masks", {}, NONE],
		["one that nothing masks, of a judged request", { request: WRITE }, NONE],
	])("%s", async (_name, directives, responseMode) => {
		const metadata = handoffMetadata(directives as { response?: unknown });
		const { headers } = await request({ metadata, protocol, endOfStream: true, headers: [] });
		expect(headers.mode_override).toEqual(modes(NONE, responseMode));
	});

	test("and such an answer is one whole body", async () => {
		const metadata = handoffMetadata({ response: { release: ["$.id"] } });
		const { stream } = await request({ metadata, protocol, endOfStream: true });
		const headers = await send(stream, responseHeaders({ metadata, protocol: undefined }));
		expect(headers.mode_override).toBeUndefined();
		const body = await send(stream, responseBody('{"id":1,"x":2}'));
		expect(body.response_body.response.body_mutation.body.toString()).toBe('{"id":1}');
	});
});

describe("an answer to a request that was not judged", () => {
	const answerTo = async (before: readonly Buffer[], metadata = WRITING) => {
		const made = openStream();
		for (const message of before) await send(made.stream, message);
		const protocol = before.length === 0 ? BOTH : undefined;
		return { ...made, answer: await send(made.stream, responseHeaders({ metadata, protocol })) };
	};
	const unjudged = { status: 502, reason: "request_unjudged" };

	test("is blocked and alarmed: no message of the request, none of its body, or another directive", async () => {
		const other = handoffMetadata({ request: { release: ["$"] } });
		for (const before of [
			[],
			[requestHeaders({ metadata: WRITING })],
			[requestHeaders({ metadata: other }), requestBody("{}")],
			[requestHeaders({ metadata: handoffMetadata() })],
		]) {
			const { answer, counted, records } = await answerTo(before);
			expect(replacement(answer)).toEqual(unjudged);
			expect(counted.filter(({ name }) => name === "unjudgedRequests")).toHaveLength(1);
			expect(records.at(-1)).toMatchObject({ direction: "response", reason: "request_unjudged" });
		}
	});

	test("passes when Envoy made it itself", async () => {
		const { stream } = openStream();
		const answer = await send(
			stream,
			responseHeaders({ metadata: WRITING, codeDetails: "response_timeout", status: 504, protocol: BOTH }),
		);
		expect(answer.response_headers).toBeDefined();
	});
});

describe("a stream ends with an error", () => {
	test.each<[string, readonly Buffer[]]>([
		["request headers twice", [requestHeaders({ metadata: WRITING }), requestHeaders({ metadata: WRITING })]],
		["a body before its headers", [requestBody(BODY)]],
		["a second body", [requestHeaders({ metadata: WRITING }), requestBody(BODY), requestBody(BODY)]],
		[
			"a body where none was to come",
			[requestHeaders({ metadata: WRITING, endOfStream: true }), requestBody("x")],
		],
	])("%s", async (_name, messages) => {
		const { stream } = openStream();
		let answer: unknown;
		for (const message of messages) answer = await send(stream, message);
		expect(answer).toEqual({ failed: messages.length === 1 ? "unsupported" : "invalid" });
		expect(stream.mayEnd()).toBe(false);
	});

	test("no end while a request's body is owed", async () => {
		const { stream } = await request({ metadata: WRITING });
		expect(stream.mayEnd()).toBe(false);
	});
});
