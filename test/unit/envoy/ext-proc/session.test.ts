import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import type { ProcessDeps } from "../../../../src/envoy/ext-proc/deps.ts";
import {
	type HeadersOptions,
	handoffMetadata,
	requestBytes,
	responseBody,
	responseHeaders,
	responseTrailers,
	struct,
} from "../../../support/ext-proc-messages.ts";
import { openStream as open, replacement, send } from "../../../support/process-exchange.ts";

const CONTINUE = 0;
const BODY = '{"id":7,"name":"Ada","ssn":"SECRET"}';
const DIRECTIVE = { release: ["$.id", "$.name"] };
const MASKED = '{"id":7,"name":"Ada"}';
const RELEASING = handoffMetadata({ response: DIRECTIVE });

// biome-ignore lint/suspicious/noExplicitAny: a decoded answer
function bodyOf(answer: any): string | undefined {
	return answer.response_body?.response.body_mutation?.body?.toString();
}

async function exchange(
	options: HeadersOptions,
	body?: string | Uint8Array,
	changes: Partial<ProcessDeps> = {},
) {
	const made = open(changes);
	const headers = await send(made.stream, responseHeaders(options));
	const answered = body === undefined ? undefined : await send(made.stream, responseBody(body));
	return { ...made, headers, body: answered };
}

describe("an answer under a directive", () => {
	test("is masked, its headers are judged, and one record says so", async () => {
		const { headers, body, records, stream } = await exchange(
			{
				metadata: RELEASING,
				headers: [
					["content-type", "application/json"],
					["content-length", String(BODY.length)],
					["etag", '"abc"'],
					["x-internal", "SECRET"],
				],
			},
			BODY,
		);
		const mutation = headers.response_headers.response.header_mutation;
		expect(headers.response_headers.response.status).toBe(CONTINUE);
		expect(mutation.remove_headers.sort()).toEqual(["content-length", "etag", "x-internal"]);
		expect(headers.mode_override).toBeUndefined();
		expect(bodyOf(body)).toBe(MASKED);
		const length = body.response_body.response.header_mutation.set_headers[0];
		expect(length.header.key).toBe("content-length");
		expect(length.header.raw_value.toString()).toBe(String(MASKED.length));
		expect(length.append.value).toBe(false);
		expect(stream.mayEnd()).toBe(true);
		expect(records).toHaveLength(1);
		expect(records[0]).toMatchObject({
			type: "release",
			decision_id: "d-1",
			op: "GET example.test /a",
			policy: { revision: "r1" },
			upstream_status: 200,
			status: 200,
			outcome: "released",
			fields: {
				released: [
					{ path: "$.id", count: 1 },
					{ path: "$.name", count: 1 },
				],
			},
		});
		expect(JSON.stringify(records)).not.toContain("SECRET");
	});

	test("of unknown length gets no length, and headers are given by raw_value alone", async () => {
		const { headers, body } = await exchange({ metadata: RELEASING }, BODY);
		expect(body.response_body.response.header_mutation.set_headers).toEqual([]);
		for (const { header, append } of headers.response_headers.response.header_mutation.set_headers) {
			expect(header.value).toBeUndefined();
			expect(header.raw_value.length).toBeGreaterThan(0);
			expect(append.value).toBe(false);
		}
	});

	test("a body message without end_of_stream is the whole body: trailers follow", async () => {
		const { stream } = open();
		await send(
			stream,
			responseHeaders({ metadata: RELEASING, headers: [["content-type", "application/json"]] }),
		);
		expect(bodyOf(await send(stream, responseBody(BODY, false)))).toBe(MASKED);
		const trailers = await send(
			stream,
			responseTrailers([
				["grpc-status", "0"],
				["x-checksum", "SECRET"],
				["grpc-message", "SECRET"],
			]),
		);
		expect(trailers.response_trailers.header_mutation.remove_headers.sort()).toEqual([
			"grpc-message",
			"x-checksum",
		]);
		expect(await send(stream, responseTrailers([]))).toEqual({ failed: "invalid" });
	});

	test.each([
		["gzip", gzipSync(BODY)],
		["x-gzip", gzipSync(BODY)],
		["br", brotliCompressSync(BODY)],
		["zstd", zstdCompressSync(BODY)],
	])("coded as %s is decoded, masked and given out plain", async (coding, bytes) => {
		const { headers, body } = await exchange(
			{
				metadata: RELEASING,
				headers: [
					["content-type", "application/json"],
					["content-encoding", coding],
				],
			},
			bytes,
		);
		expect(headers.response_headers.response.header_mutation.remove_headers).toContain("content-encoding");
		expect(bodyOf(body)).toBe(MASKED);
	});

	test("pseudonyms belong to the consumer; nobody gets none", async () => {
		const directive = { release: ["$.id"], mask: [{ select: "$.ssn", as: "hash" }] };
		const masked = async (consumer: string, hashKey?: string) =>
			bodyOf(
				(
					await exchange(
						{
							metadata: handoffMetadata({
								response: directive,
								consumer,
								...(hashKey === undefined ? {} : { hashKey }),
							}),
						},
						BODY,
					)
				).body,
			);
		const one = await masked("a", "k1");
		expect(one).toMatch(/"ssn":"hmac:[\w-]{22}"/);
		expect(await masked("b", "k1")).not.toBe(one);
		expect(await masked("")).toContain('"ssn":"[redacted]"');
	});

	test("an answer without a body is released with judged headers", async () => {
		const { headers, stream, records } = await exchange({
			metadata: RELEASING,
			endOfStream: true,
			method: "HEAD",
			headers: [
				["content-type", "application/json"],
				["content-length", "36"],
				["etag", "x"],
			],
		});
		expect(headers.response_headers.response.header_mutation.remove_headers.sort()).toEqual([
			"content-length",
			"etag",
		]);
		expect(stream.mayEnd()).toBe(true);
		expect(records).toMatchObject([{ outcome: "released", status: 200 }]);
	});

	test("an empty body of no type passes as an empty body", async () => {
		const { body } = await exchange({ metadata: RELEASING, status: 201, headers: [] }, "");
		expect(bodyOf(body)).toBe("");
	});

	test("headers and trailers without a body between them are complete", async () => {
		const { stream } = open();
		await send(stream, responseHeaders({ metadata: RELEASING }));
		expect((await send(stream, responseTrailers([["a", "b"]]))).response_trailers).toBeDefined();
		expect(stream.mayEnd()).toBe(true);
	});
});

describe("an answer is replaced, with nothing of the upstream's in it", () => {
	const JSON_TYPE: [string, string] = ["content-type", "application/json"];
	const cases: [
		name: string,
		options: HeadersOptions,
		status: number,
		reason: string,
		changes?: Partial<ProcessDeps>,
	][] = [
		["no metadata", { metadata: undefined }, 502, "no_decision"],
		["empty metadata", { metadata: {} }, 502, "no_decision"],
		["metadata of the peer's only", { metadata: { decision_id: "x" } }, 502, "no_decision"],
		["an unknown version", { metadata: { ...RELEASING, postern: "2" } }, 502, "handoff_stale"],
		["a version of the wrong type", { metadata: { ...RELEASING, postern: 1 } }, 502, "handoff_stale"],
		["fields neither all nor some", { metadata: { ...RELEASING, fields: "ALL" } }, 502, "handoff_stale"],
		["an unreadable directive text", { metadata: { ...RELEASING, directive: "{" } }, 502, "handoff_stale"],
		["a directive of the wrong type", { metadata: { ...RELEASING, directive: true } }, 502, "handoff_stale"],
		["no directive text", { metadata: { postern: "1", fields: "all" } }, 502, "handoff_stale"],
		[
			"a directive nobody knows",
			{ metadata: handoffMetadata({ response: { relaese: [] } }) },
			502,
			"handoff_stale",
		],
		[
			"`all` beside a directive",
			{ metadata: handoffMetadata({ response: DIRECTIVE, fields: "all" }) },
			502,
			"handoff_stale",
		],
		["`some` without a directive", { metadata: handoffMetadata({ fields: "some" }) }, 502, "handoff_stale"],
		[
			"another hash key",
			{
				metadata: handoffMetadata({
					response: { mask: [{ select: "$.ssn", as: "hash" }] },
					consumer: "c",
					hashKey: "k2",
				}),
			},
			502,
			"handoff_stale",
		],
		[
			"a denial that was not carried out",
			{ metadata: handoffMetadata({ verdict: "deny" }) },
			502,
			"denied_upstream_answer",
		],
		[
			"a denial that says all",
			{ metadata: handoffMetadata({ verdict: "deny", fields: "all" }) },
			502,
			"denied_upstream_answer",
		],
		["101", { metadata: RELEASING, status: 101 }, 502, "unmaskable_protocol"],
		[
			"an upgrade",
			{ metadata: RELEASING, headers: [JSON_TYPE, ["upgrade", "websocket"]] },
			502,
			"unmaskable_protocol",
		],
		["CONNECT", { metadata: RELEASING, method: "CONNECT" }, 502, "unmaskable_protocol"],
		["no status", { metadata: RELEASING, status: "abc" }, 502, "unmaskable_protocol"],
		["206", { metadata: RELEASING, status: 206 }, 502, "body_unsupported"],
		[
			"a content-range",
			{ metadata: RELEASING, headers: [JSON_TYPE, ["content-range", "bytes 0-1/9"]] },
			502,
			"body_unsupported",
		],
		["HTML", { metadata: RELEASING, headers: [["content-type", "text/html"]] }, 502, "body_unsupported"],
		[
			"NDJSON that no directive names",
			{ metadata: RELEASING, headers: [["content-type", "application/x-ndjson"]] },
			502,
			"body_unsupported",
		],
		[
			"a foreign charset",
			{ metadata: RELEASING, headers: [["content-type", "application/json; charset=utf-16"]] },
			502,
			"body_unsupported",
		],
		[
			"joined types",
			{ metadata: RELEASING, headers: [["content-type", "application/json, text/html"]] },
			502,
			"body_unsupported",
		],
		["two types", { metadata: RELEASING, headers: [JSON_TYPE, JSON_TYPE] }, 502, "body_unsupported"],
		[
			"an event stream, named or not",
			{
				metadata: handoffMetadata({ response: { release: [], media_types: ["text/event-stream"] } }),
				headers: [["content-type", "text/event-stream"]],
			},
			502,
			"body_unsupported",
		],
		[
			"an unknown coding",
			{ metadata: RELEASING, headers: [JSON_TYPE, ["content-encoding", "compress"]] },
			502,
			"body_unsupported",
		],
		[
			"two codings",
			{ metadata: RELEASING, headers: [JSON_TYPE, ["content-encoding", "gzip, br"]] },
			502,
			"body_unsupported",
		],
		[
			"an error under a directive without release",
			{ metadata: handoffMetadata({ response: {} }), status: 404 },
			404,
			"error_status",
		],
		[
			"an error under errors: replace",
			{ metadata: RELEASING, status: 500 },
			500,
			"error_status",
			{ errors: "replace" },
		],
		[
			"an HTML error keeps its status",
			{ metadata: RELEASING, status: 403, headers: [["content-type", "text/html"]] },
			403,
			"body_unsupported",
		],
		[
			"a cache's answer",
			{ metadata: undefined, codeDetails: "cache.response_from_cache_filter" },
			502,
			"no_decision",
		],
		["a script's answer", { metadata: undefined, codeDetails: "lua_response" }, 502, "no_decision"],
		["no details", { metadata: undefined, codeDetails: undefined }, 502, "no_decision"],
	];
	test.each(cases)("%s", async (...row) => {
		const [, options, status, reason, changes] = row;
		const { headers, records, stream } = await exchange(options, undefined, changes);
		expect(replacement(headers)).toEqual({ status, reason });
		expect(records).toMatchObject([{ outcome: "replaced", reason, status }]);
		expect(stream.mayEnd()).toBe(true);
		// What Envoy had sent before it heard of it gets the same answer, and no second record.
		expect(replacement(await send(stream, responseBody(BODY)))).toEqual({ status, reason });
		expect(records).toHaveLength(1);
	});

	test.each<[string, string | Uint8Array, HeadersOptions, number, string]>([
		["not JSON", "<html>", {}, 502, "body_malformed"],
		["cut short", BODY.slice(0, -1), {}, 502, "body_malformed"],
		["two roots", `${BODY}${BODY}`, {}, 502, "body_malformed"],
		["empty", "", {}, 502, "body_malformed"],
		["too deep", "[".repeat(600) + "]".repeat(600), {}, 502, "body_too_deep"],
		["over the limit", `"${"x".repeat(1 << 20)}"`, {}, 502, "body_too_large"],
		["of no type", BODY, { headers: [] }, 502, "body_unsupported"],
		["malformed with an error status", "oops", { status: 500 }, 500, "body_malformed"],
		[
			"no gzip although it says so",
			BODY,
			{
				headers: [
					["content-type", "application/json"],
					["content-encoding", "gzip"],
				],
			},
			502,
			"body_malformed",
		],
		[
			"a bomb",
			gzipSync(Buffer.alloc(1 << 25, 32)),
			{
				headers: [
					["content-type", "application/json"],
					["content-encoding", "gzip"],
				],
			},
			502,
			"body_too_large",
		],
	])("a body that is %s", async (_name, bytes, options, status, reason) => {
		const { body, records } = await exchange({ metadata: RELEASING, ...options }, bytes);
		expect(replacement(body)).toEqual({ status, reason });
		expect(records).toMatchObject([{ outcome: "replaced", reason, status }]);
	});

	test("a directive whose constants would make the body grow without bound", async () => {
		const value = "x".repeat(8000);
		const metadata = handoffMetadata({
			response: { release: [], mask: [{ select: "$[*]", as: "constant", value }] },
		});
		const { body } = await exchange({ metadata }, `[${Array.from({ length: 100_000 }, () => 1).join(",")}]`);
		expect(replacement(body)).toEqual({ status: 502, reason: "body_too_large" });
	});

	test("what cannot be recorded does not happen, unless records may be dropped", async () => {
		const audit = { write: () => false, flush: async () => {}, close: async () => {} };
		const denied = await exchange({ metadata: RELEASING }, BODY, { audit });
		expect(replacement(denied.body)).toEqual({ status: 503, reason: "audit_unavailable" });
		const bodiless = await exchange({ metadata: RELEASING, endOfStream: true }, undefined, { audit });
		expect(replacement(bodiless.headers)).toEqual({ status: 503, reason: "audit_unavailable" });
		const dropped = await exchange({ metadata: RELEASING }, BODY, { audit, auditOverflow: "drop" });
		expect(bodyOf(dropped.body)).toBe(MASKED);
	});

	test("a stale hand-off invites another try", async () => {
		const { headers } = await exchange({ metadata: { ...RELEASING, postern: "2" } });
		const names = headers.immediate_response.headers.set_headers.map(
			(each: { header: { key: string } }) => each.header.key,
		);
		expect(names).toContain("retry-after");
	});
});

describe("an answer passes as it came", () => {
	test.each<[string, HeadersOptions, Partial<ProcessDeps>]>([
		[
			"Envoy's own reply without a decision",
			{ metadata: undefined, codeDetails: "route_not_found", status: 404 },
			{},
		],
		[
			"Envoy's own reply after a denial",
			{ metadata: handoffMetadata({ verdict: "deny" }), codeDetails: "ext_authz_denied" },
			{},
		],
		["released whole", { metadata: handoffMetadata() }, {}],
		["without a decision where that is allowed", { metadata: undefined }, { withoutDecision: "pass" }],
	])("%s", async (_name, options, changes) => {
		const { headers, body, stream, records } = await exchange(options, BODY, changes);
		expect(headers.response_headers.response.header_mutation).toBeUndefined();
		expect(headers.mode_override).toEqual({
			response_header_mode: 1,
			request_body_mode: 0,
			response_body_mode: 0,
			request_trailer_mode: 2,
			response_trailer_mode: 2,
		});
		// Where the override is not allowed the body comes all the same, and passes explicitly.
		expect(body.response_body.response).toEqual({ status: CONTINUE });
		expect((await send(stream, responseTrailers([["a", "b"]]))).response_trailers).toBeDefined();
		expect(stream.mayEnd()).toBe(true);
		expect(records).toEqual([]);
	});

	test("without_decision: pass does not pass what somebody decided and we do not understand", async () => {
		const { headers } = await exchange({ metadata: { ...RELEASING, postern: "9" } }, undefined, {
			withoutDecision: "pass",
		});
		expect(replacement(headers)).toEqual({ status: 502, reason: "handoff_stale" });
	});
});

describe("a stream ends with an error", () => {
	test.each<[string, Buffer, string]>([
		["response_body_mode NONE", responseHeaders({ protocol: { response_body_mode: 0 } }), "unsupported"],
		["BUFFERED_PARTIAL", responseHeaders({ protocol: { response_body_mode: 3 } }), "unsupported"],
		["FULL_DUPLEX_STREAMED", responseHeaders({ protocol: { response_body_mode: 4 } }), "unsupported"],
		["no protocol configuration", responseHeaders({ protocol: undefined }), "unsupported"],
		...[1, 3, 4, 5].map((mode): [string, Buffer, string] => [
			`request_body_mode ${mode}`,
			responseHeaders({ protocol: { request_body_mode: mode, response_body_mode: 2 } }),
			"unsupported",
		]),
		["response_body_mode 5", responseHeaders({ protocol: { response_body_mode: 5 } }), "unsupported"],
		[
			"bodies without waiting",
			responseHeaders({
				protocol: { response_body_mode: 2, send_body_without_waiting_for_header_response: true },
			}),
			"unsupported",
		],
		["observability mode", responseHeaders({ observability: true }), "unsupported"],
		[
			"a body before its headers (response_header_mode SKIP)",
			requestBytes({
				response_body: { body: Buffer.from(BODY) },
				protocol_config: { response_body_mode: 2 },
			}),
			"invalid",
		],
		[
			"trailers first",
			requestBytes({ response_trailers: {}, protocol_config: { response_body_mode: 2 } }),
			"invalid",
		],
		["nothing at all", Buffer.alloc(0), "invalid"],
		["bytes that are no message", Buffer.from("ffffffff", "hex"), "invalid"],
		[
			"two phases in one message",
			Buffer.concat([responseHeaders({ metadata: RELEASING }), responseBody("x")]),
			"invalid",
		],
	])("%s", async (_name, message, code) => {
		const { stream, records } = open();
		expect(await send(stream, message)).toEqual({ failed: code });
		expect(stream.mayEnd()).toBe(false);
		expect(await send(stream, responseHeaders({ metadata: handoffMetadata() }))).toEqual({
			failed: "internal",
		});
		expect(records).toEqual([]);
	});

	test("a second body, or headers, after the first", async () => {
		for (const second of [
			responseBody(BODY),
			responseHeaders({ metadata: RELEASING, protocol: undefined }),
		]) {
			const { stream } = await exchange({ metadata: RELEASING }, BODY);
			expect(await send(stream, second)).toEqual({ failed: "invalid" });
		}
	});

	test("a second body although the first passed unchanged", async () => {
		const { stream } = await exchange({ metadata: handoffMetadata() }, BODY);
		expect(await send(stream, responseBody(BODY))).toEqual({ failed: "invalid" });
	});

	test("a message while a body is still being decoded; the late result goes nowhere", async () => {
		const { stream, records } = open();
		const headers: [string, string][] = [
			["content-type", "application/json"],
			["content-encoding", "gzip"],
		];
		await send(stream, responseHeaders({ metadata: RELEASING, headers }));
		const pending = stream.receive(responseBody(gzipSync(BODY)));
		expect(await send(stream, responseBody(BODY))).toEqual({ failed: "invalid" });
		expect(await pending).toEqual({ kind: "fail", code: "internal" });
		expect(records).toEqual([]);
	});

	test("a fault of our own: internal, and the log says where and nothing of what", async () => {
		const audit = {
			write: () => {
				throw new TypeError(`cannot take ${BODY}`);
			},
			flush: async () => {},
			close: async () => {},
		};
		const plain = await exchange({ metadata: RELEASING }, BODY, { audit });
		const headers: [string, string][] = [
			["content-type", "application/json"],
			["content-encoding", "gzip"],
		];
		const coded = await exchange({ metadata: RELEASING, headers }, gzipSync(BODY), { audit });
		for (const { body, log } of [plain, coded]) {
			expect(body).toEqual({ failed: "internal" });
			expect(JSON.stringify(log.lines)).toContain("unexpected TypeError at ");
			expect(JSON.stringify(log.lines)).not.toContain("SECRET");
		}
	});

	test("no end while a body is owed", async () => {
		const { stream } = open();
		await send(stream, responseHeaders({ metadata: RELEASING }));
		expect(stream.mayEnd()).toBe(false);
	});

	test("metadata or a namespace given twice is refused: two readers could see two decisions", async () => {
		const twice = Buffer.concat([
			responseHeaders({ metadata: RELEASING }),
			requestBytes({
				metadata_context: {
					filter_metadata: { "envoy.filters.http.ext_authz": struct(handoffMetadata()) },
				},
			}),
		]);
		expect(await send(open().stream, twice)).toEqual({ failed: "invalid" });
	});
});
