import { once } from "node:events";
import { createGzip, gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { createDecoder } from "../../../../src/codec/decoder.ts";
import type { ProcessDeps } from "../../../../src/envoy/ext-proc/deps.ts";
import {
	type HeaderPairs,
	handoffMetadata,
	responseBody,
	responseHeaders,
	responseTrailers,
	STREAMED,
} from "../../../support/ext-proc-messages.ts";
import { openStream, replacement, send } from "../../../support/process-exchange.ts";

const NONE = 0;
const WHOLE = 2;
const HIDE = { withhold: ["$..ssn"], release: ["$"], stream: true };
const HELD = { withhold: ["$..ssn"], release: ["$"] };
const TYPES = { media_types: ["text/event-stream", "application/x-ndjson"] };
const EVENTS: HeaderPairs = [["content-type", "text/event-stream"]];
const typed = (type: string, length?: number): HeaderPairs => [
	["content-type", type],
	...(length === undefined ? [] : [["content-length", String(length)] as const]),
];

async function start(
	options: { readonly headers?: HeaderPairs; readonly response?: unknown; readonly protocol?: object },
	changes: Partial<ProcessDeps> = {},
) {
	const made = openStream(changes);
	const { headers = EVENTS, response = { ...HIDE, ...TYPES }, protocol = STREAMED } = options;
	const metadata = handoffMetadata({ response });
	const answered = await send(
		made.stream,
		responseHeaders({ metadata, headers, protocol: protocol as Record<string, unknown> }),
	);
	return { ...made, headers: answered };
}

// biome-ignore lint/suspicious/noExplicitAny: a decoded answer
const pieceOf = (answer: any): string | undefined =>
	answer.response_body?.response.body_mutation?.body?.toString();
// biome-ignore lint/suspicious/noExplicitAny: a decoded answer
const asked = (headers: any): string =>
	headers.immediate_response !== undefined
		? "refused"
		: headers.mode_override === undefined
			? "flows"
			: headers.mode_override.response_body_mode === WHOLE
				? "buffered"
				: "passes";

describe("what flows is granted by the directive and needed by the body", () => {
	const MIB = 1 << 20;
	test.each<[string, HeaderPairs, unknown, string]>([
		["large JSON without a grant", typed("application/json", MIB + 1), { release: [] }, "refused"],
		["large JSON, refused by name", typed("application/json", MIB + 1), { stream: false }, "refused"],
		["large JSON", typed("application/json", MIB + 1), { stream: true }, "flows"],
		["JSON that fits", typed("application/json", MIB), { stream: true }, "buffered"],
		["JSON of unknown length", typed("application/json"), { stream: true }, "flows"],
		["JSON of unknown length without a grant", typed("application/json"), {}, "buffered"],
		["two lengths", [...typed("application/json", 9), ["content-length", "9"]], { stream: true }, "flows"],
		["NDJSON", typed("application/x-ndjson"), { ...TYPES, stream: true }, "flows"],
		["NDJSON that fits", typed("application/x-ndjson", 9), { ...TYPES, stream: true }, "buffered"],
		["NDJSON without a grant", typed("application/x-ndjson"), TYPES, "buffered"],
		["events", EVENTS, { ...TYPES, stream: true }, "flows"],
		["events without a grant", EVENTS, TYPES, "refused"],
		["events that nobody named", EVENTS, { stream: true }, "refused"],
		["events that end soon", typed("text/event-stream", 99), TYPES, "buffered"],
		["of no type", [], { stream: true }, "buffered"],
	])("%s", async (_name, headers, response, expected) => {
		expect(asked((await start({ headers, response })).headers)).toBe(expected);
	});

	test("the client has no say: where Envoy buffers, events are refused and all else is buffered", async () => {
		const protocol = { response_body_mode: WHOLE };
		expect(asked((await start({ protocol })).headers)).toBe("refused");
		const response = { stream: true };
		const { headers, stream } = await start({ headers: typed("application/json"), response, protocol });
		expect(headers.mode_override).toBeUndefined();
		expect(pieceOf(await send(stream, responseBody("{}")))).toBe("{}");
		expect(stream.mayEnd()).toBe(true);
	});
});

describe("a body that flows", () => {
	test("leaves masked piece by piece, and two records say what left", async () => {
		const { stream, records, counted } = await start({});
		expect(records).toMatchObject([{ outcome: "flowing", direction: "response", status: 200 }]);
		expect(records[0]?.fields).toBeUndefined();
		expect(pieceOf(await send(stream, responseBody('data: {"id":1,"ssn":"SEC', false)))).toBe(
			'data: {"id":1',
		);
		expect(stream.mayEnd()).toBe(false);
		expect(pieceOf(await send(stream, responseBody('RET"}\n\n: SECRET\n', false)))).toBe("}\n\n");
		expect(pieceOf(await send(stream, responseBody("", false)))).toBe("");
		expect(pieceOf(await send(stream, responseBody('data: {"id":2}\n\n', true)))).toBe('data: {"id":2}\n\n');
		expect(stream.mayEnd()).toBe(true);
		expect(records).toHaveLength(2);
		expect(records[1]).toMatchObject({
			outcome: "released",
			fields: {
				released: [{ path: "$.id", count: 2 }],
				withheld: [{ path: "$.ssn", count: 1 }],
			},
		});
		expect(counted.filter(({ name }) => name === "bodies").map(({ labels }) => labels["outcome"])).toEqual([
			"flowing",
			"released",
		]);
	});

	test("has no length of ours, and no limit of its own", async () => {
		const headers = typed("application/json", 5_000_000);
		const { stream, headers: answered } = await start({ headers, response: HIDE }, { maxBodyBytes: 1000 });
		expect(answered.response_headers.response.header_mutation.remove_headers).toContain("content-length");
		await send(stream, responseBody("[", false));
		for (let at = 0; at < 50; at++) {
			const answer = await send(stream, responseBody(`"${"x".repeat(10_000)}",`, false));
			expect(answer.response_body.response.header_mutation?.set_headers ?? []).toEqual([]);
		}
		expect(pieceOf(await send(stream, responseBody("1]", true)))).toBe(",1]");
	});

	test("pieces that come faster than a coding is undone are answered in their order", async () => {
		const gzip = createGzip();
		const pieces: Buffer[] = [];
		gzip.on("data", (bytes: Buffer) => pieces.push(bytes));
		for (let at = 0; at < 20; at++) {
			gzip.write(`data: {"id":${at},"ssn":"SECRET"}\n\n`);
			await new Promise<void>((resolve) => gzip.flush(resolve));
		}
		const done = once(gzip, "end");
		gzip.end();
		await done;
		const { stream, records } = await start({ headers: [...EVENTS, ["content-encoding", "gzip"]] });
		const answers = await Promise.all(
			pieces.map((piece, at) => send(stream, responseBody(piece, at === pieces.length - 1))),
		);
		expect(answers.map(pieceOf).join("")).toBe(
			Array.from({ length: 20 }, (_, at) => `data: {"id":${at}}\n\n`).join(""),
		);
		expect(records.at(-1)).toMatchObject({ outcome: "released" });
	});

	test("of a coding but without a byte is empty", async () => {
		const { stream } = await start({ headers: [...EVENTS, ["content-encoding", "gzip"]] });
		expect(pieceOf(await send(stream, responseBody("", true)))).toBe("");
	});

	test("may end in trailers, of which only grpc-status stays", async () => {
		const { stream, records } = await start({});
		await send(stream, responseBody("data: 1\n\n", false));
		const trailers = await send(stream, responseTrailers([["x-checksum", "SECRET"]]));
		expect(trailers.response_trailers.header_mutation.remove_headers).toEqual(["x-checksum"]);
		expect(records.at(-1)).toMatchObject({ outcome: "released" });
		expect(stream.mayEnd()).toBe(true);
	});
});

describe("a failure after the first byte cuts, is on record, and never ends", () => {
	const failing: [string, HeaderPairs, unknown, readonly Buffer[], string][] = [
		["malformed", EVENTS, undefined, [responseBody("data: {]\n", false)], "body_malformed"],
		["cut short by the upstream", EVENTS, undefined, [responseBody('data: {"a":1', true)], "body_malformed"],
		[
			"cut short, before trailers",
			EVENTS,
			undefined,
			[responseBody('data: {"a":1', false), responseTrailers([])],
			"body_malformed",
		],
		["too deep", EVENTS, undefined, [responseBody(`data: ${"[".repeat(600)}`, false)], "body_too_deep"],
		[
			"growing without bound",
			typed("application/json"),
			{
				release: [],
				mask: [{ select: "$[*]", as: "constant", value: "x".repeat(8000) }],
				stream: true,
			},
			[responseBody(`[${"1,".repeat(100_000)}`, false)],
			"body_too_large",
		],
		[
			"falsely coded",
			[...EVENTS, ["content-encoding", "gzip"]],
			undefined,
			[responseBody("data: 1\n\n", false)],
			"body_malformed",
		],
		[
			"a bomb",
			[...EVENTS, ["content-encoding", "gzip"]],
			undefined,
			[responseBody(gzipSync(Buffer.alloc(1 << 25, 32)), false)],
			"body_too_large",
		],
		[
			"a coding cut short",
			[...EVENTS, ["content-encoding", "gzip"]],
			undefined,
			[responseBody(gzipSync("data: 1\n\n").subarray(0, -4), true)],
			"body_malformed",
		],
		[
			"not to be told complete before its trailers",
			typed("application/json"),
			{ release: [], mask: [{ select: "$", as: "partial", keep_end: 1 }], stream: true },
			[responseBody("123", false), responseTrailers([])],
			"body_unended",
		],
	];
	test.each(failing)("%s", async (_name, headers, response, messages, reason) => {
		const { stream, records, counted } = await start({ headers, response });
		let last: unknown;
		for (const message of messages) last = await send(stream, message);
		expect(replacement(last)?.reason).toBe(reason);
		expect(records.map(({ outcome }) => outcome)).toEqual(["flowing", "cut"]);
		expect(records[1]).toMatchObject({ reason, status: 200, fields: { truncated: false } });
		expect(counted.filter(({ name }) => name === "bodies").at(-1)?.labels).toEqual({
			direction: "response",
			outcome: "cut",
			reason,
		});
		expect(replacement(await send(stream, responseBody("x", true)))?.reason).toBe(reason);
		expect(records).toHaveLength(2);
	});

	test("the call ends in the middle of it: on record, with what had left", async () => {
		const { stream, records } = await start({});
		await send(stream, responseBody('data: {"id":1}\n\n', false));
		expect(stream.mayEnd()).toBe(false);
		stream.abandon();
		stream.abandon();
		expect(records).toHaveLength(2);
		expect(records[1]).toMatchObject({
			outcome: "cut",
			reason: "abandoned",
			fields: { released: [{ path: "$.id", count: 1 }] },
		});
		expect(await send(stream, responseBody("x", true))).toEqual({ failed: "internal" });
	});

	test("what cannot be recorded does not begin to flow, and does not end", async () => {
		let taken = 0;
		const audit = (most: number) => ({
			write: () => taken++ < most,
			flush: async () => {},
			close: async () => {},
		});
		expect(replacement((await start({}, { audit: audit(0) })).headers)).toEqual({
			status: 503,
			reason: "audit_unavailable",
		});
		taken = 0;
		const { stream } = await start({}, { audit: audit(1) });
		expect(pieceOf(await send(stream, responseBody("data: 1\n\n", false)))).toBe("data: 1\n\n");
		expect(replacement(await send(stream, responseBody("data: 2\n\n", true)))?.reason).toBe(
			"audit_unavailable",
		);
	});

	test("too many windows of codings at once are refused at the headers, and given back at the end", async () => {
		const decoder = createDecoder({
			maxBytes: 1 << 20,
			maxRatio: 100,
			freeBytes: 1 << 16,
			maxTotalBytes: 100_000,
		});
		const headers: HeaderPairs = [...EVENTS, ["content-encoding", "gzip"]];
		const first = await start({ headers }, { decoder });
		expect(replacement((await start({ headers }, { decoder })).headers)).toEqual({
			status: 503,
			reason: "overload",
		});
		first.stream.abandon();
		expect(asked((await start({ headers }, { decoder })).headers)).toBe("flows");
	});
});

describe("an answer that is held back where Envoy streams", () => {
	test("is one body, masked as a whole", async () => {
		const headers = typed("application/json", 21);
		const { stream, headers: answered } = await start({ headers, response: HIDE });
		expect(answered.mode_override).toEqual({
			response_header_mode: 1,
			request_body_mode: NONE,
			response_body_mode: WHOLE,
			request_trailer_mode: 2,
			response_trailer_mode: 1,
		});
		const body = await send(stream, responseBody('{"id":1,"ssn":"SECRE"}'));
		expect(pieceOf(body)).toBe('{"id":1}');
		expect(body.response_body.response.header_mutation.set_headers[0].header.raw_value.toString()).toBe("8");
	});

	test("is refused where Envoy did not allow that: by its length, or by a second body", async () => {
		const known = await start({ headers: typed("application/json", 100), response: HIDE });
		expect(await send(known.stream, responseBody('{"id":1', false))).toEqual({ failed: "unsupported" });
		expect(known.log.lines.at(-1)?.fields).toMatchObject({ why: expect.stringContaining("override") });
		const unknown = await start({ headers: typed("application/json"), response: HELD });
		expect(replacement(await send(unknown.stream, responseBody('{"id":1', false)))?.reason).toBe(
			"body_malformed",
		);
		const late = await start({ headers: typed("application/json"), response: HELD });
		expect(pieceOf(await send(late.stream, responseBody('{"id":1}', false)))).toBe('{"id":1}');
		expect(await send(late.stream, responseBody(" ", true))).toEqual({ failed: "invalid" });
	});

	test("that needs no masking passes, in pieces where the opt-out was not allowed", async () => {
		const { stream } = openStream();
		const headers = responseHeaders({ metadata: handoffMetadata(), protocol: STREAMED });
		expect(asked(await send(stream, headers))).toBe("passes");
		for (const last of [false, false, true])
			expect((await send(stream, responseBody("x", last))).response_body.response).toEqual({ status: 0 });
		expect(await send(stream, responseBody("x", true))).toEqual({ failed: "invalid" });
	});
});
