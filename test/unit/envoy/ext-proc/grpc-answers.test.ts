import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { createProcess } from "../../../../src/envoy/ext-proc/session.ts";
import { createDescriptorShelf } from "../../../../src/envoy/protobuf/descriptor-shelf.ts";
import { encodeMessage, schemaOf } from "../../../support/descriptors.ts";
import {
	type HeaderPairs,
	handoffMetadata,
	readResponse,
	responseBody,
	responseHeaders,
	responseTrailers,
} from "../../../support/ext-proc-messages.ts";
import { frame } from "../../../support/grpc-frame.ts";
import { processDeps } from "../../../support/process-deps.ts";

const SCHEMA = schemaOf(`
	syntax = "proto3";
	package clinic;
	message Id { int32 id = 1; }
	message Person { int32 id = 1; string name = 2; string ssn = 3; }
	service People { rpc Get(Id) returns (Person); }
`);
const DIGEST = createHash("sha256").update(SCHEMA.bytes).digest("hex");
const GRPC = { method: "clinic.People/Get", descriptors: DIGEST };
const DIRECTIVE = { release: ["$.id", "$.name"], media_types: ["application/grpc"] };
const TYPE = "application/grpc";

const PERSON = encodeMessage(SCHEMA, "clinic.Person", { id: 7, name: "Ada", ssn: "SECRET" });
const MASKED = frame(encodeMessage(SCHEMA, "clinic.Person", { id: 7, name: "Ada" }));

async function exchange(options: {
	readonly body?: Uint8Array;
	readonly headers?: HeaderPairs;
	readonly type?: string;
	readonly directive?: object;
	readonly grpc?: typeof GRPC | undefined;
	readonly trailers?: HeaderPairs;
}) {
	const { type = TYPE, directive = DIRECTIVE } = options;
	const grpc = "grpc" in options ? options.grpc : GRPC;
	const made = processDeps({ descriptors: createDescriptorShelf(SCHEMA.bytes) });
	const stream = createProcess(made.deps).open();
	const send = async (message: Uint8Array) => {
		const step = await stream.receive(message);
		return step.kind === "answer" ? readResponse(step.message) : { failed: step.code };
	};
	const metadata = handoffMetadata({ response: directive, ...(grpc === undefined ? {} : { grpc }) });
	const headers = await send(
		responseHeaders({ metadata, headers: [["content-type", type], ...(options.headers ?? [])] }),
	);
	const body = headers.immediate_response ?? (await send(responseBody(options.body ?? frame(PERSON), false)));
	const trailers =
		options.trailers === undefined ? undefined : await send(responseTrailers(options.trailers));
	return { headers, body, trailers, records: made.records };
}

// biome-ignore lint/suspicious/noExplicitAny: a decoded answer
const bytesOf = (body: any): Buffer => Buffer.from(body.response_body.response.body_mutation.body);

describe("an answer of gRPC under a directive", () => {
	test("is masked by the method that was decided about, and its trailers are judged", async () => {
		const { headers, body, trailers, records } = await exchange({
			headers: [
				["grpc-encoding", "identity"],
				["grpc-accept-encoding", "gzip"],
				["x-data", "SECRET"],
			],
			trailers: [
				["grpc-status", "0"],
				["grpc-message", "SECRET"],
				["x-data", "SECRET"],
			],
		});
		expect(headers.response_headers.response.header_mutation.remove_headers).toEqual([
			"grpc-encoding",
			"x-data",
		]);
		expect(bytesOf(body)).toEqual(MASKED);
		expect(trailers.response_trailers.header_mutation.remove_headers).toEqual(["grpc-message", "x-data"]);
		expect(records).toMatchObject([
			{ outcome: "released", fields: { withheld: [{ path: "$.ssn", count: 1 }] } },
		]);
	});

	test("goes on uncompressed, whatever way it came compressed", async () => {
		const { body } = await exchange({
			body: Buffer.concat([frame(gzipSync(PERSON), 1), frame(PERSON)]),
			headers: [["grpc-encoding", "gzip"]],
		});
		expect(bytesOf(body)).toEqual(Buffer.concat([MASKED, MASKED]));
	});

	test("has its message where the directive releases it", async () => {
		const { trailers } = await exchange({
			directive: { ...DIRECTIVE, grpc_message: "release" },
			trailers: [
				["grpc-status", "5"],
				["grpc-message", "no%20such"],
				["grpc-status-details-bin", "AAAA"],
			],
		});
		expect(trailers.response_trailers.header_mutation.remove_headers).toEqual(["grpc-status-details-bin"]);
	});
});

describe("an answer of gRPC is replaced by a status of gRPC", () => {
	const INTERNAL = 13;
	const UNAVAILABLE = 14;
	test.each<[string, Parameters<typeof exchange>[0], string, number]>([
		["a directive for JSON alone", { directive: { release: ["$"] } }, "body_unsupported", INTERNAL],
		["no method", { grpc: undefined }, "body_unsupported", INTERNAL],
		[
			"a method that the set does not have",
			{ grpc: { ...GRPC, method: "clinic.People/No" } },
			"body_unsupported",
			INTERNAL,
		],
		["a set of another replica", { grpc: { ...GRPC, descriptors: "d2" } }, "handoff_stale", UNAVAILABLE],
		["snappy", { headers: [["grpc-encoding", "snappy"]] }, "body_unsupported", INTERNAL],
		[
			"two codings",
			{
				headers: [
					["grpc-encoding", "gzip"],
					["grpc-encoding", "gzip"],
				],
			},
			"body_unsupported",
			INTERNAL,
		],
		[
			"a compressed message that names no coding",
			{ body: frame(gzipSync(PERSON), 1) },
			"body_malformed",
			INTERNAL,
		],
		[
			"what is no gzip",
			{ body: frame(PERSON, 1), headers: [["grpc-encoding", "gzip"]] },
			"body_malformed",
			INTERNAL,
		],
		["unknown flags", { body: frame(PERSON, 2) }, "body_malformed", INTERNAL],
		["a message cut short", { body: frame(PERSON).subarray(0, -1) }, "body_malformed", INTERNAL],
		["what is no protobuf", { body: frame(Buffer.from([0x0c])) }, "body_malformed", INTERNAL],
		["too large a message", { body: Buffer.from([0, 0, 0x10, 0, 1, 8, 7]) }, "body_too_large", INTERNAL],
	])("%s", async (_name, options, reason, status) => {
		const { body, headers, records } = await exchange(options);
		// An upstream may answer so to who called no method of gRPC.
		const asked = !("grpc" in (options ?? {}) && options?.grpc === undefined);
		const immediate = headers.immediate_response ?? body.immediate_response;
		expect(immediate).toMatchObject({
			status: { code: asked ? 200 : 502 },
			grpc_status: { status },
			details: `postern_${reason}`,
		});
		// Envoy makes the rest of an answer of gRPC; a type or a body of ours would break it.
		expect(immediate.body ?? Buffer.alloc(0)).toHaveLength(0);
		// Callers whose gRPC-Web a filter of Envoy's translates have the status from this header alone.
		const set = setHeaders(immediate.headers);
		const shown = asked ? String(status) : undefined;
		expect([set.get("content-type"), set.get("grpc-status")]).toEqual([undefined, shown]);
		expect(records).toMatchObject([{ outcome: "replaced", reason }]);
	});

	test("also where what came is none of gRPC", async () => {
		const { headers } = await exchange({ type: "text/html" });
		const { status, grpc_status, headers: mutation } = headers.immediate_response;
		// Who knows whether its caller reads a header: the status of HTTP must not say that all is well.
		expect({ code: status.code, grpc_status }).toEqual({ code: 502, grpc_status: { status: INTERNAL } });
		expect(setHeaders(mutation).has("grpc-status")).toBe(false);
	});

	test.each(["grpc-web", "grpc-web-text"])("in the body, for %s", async (framing) => {
		const { headers } = await exchange({ type: `application/${framing}`, grpc: undefined });
		const { body, status, grpc_status, headers: mutation } = headers.immediate_response;
		expect({ code: status.code, grpc_status }).toEqual({ code: 200 });
		const text = framing === "grpc-web" ? body : Buffer.from(body.toString("latin1"), "base64");
		expect(text).toEqual(frame(Buffer.from("grpc-status:13\r\n"), 0x80));
		expect(setHeaders(mutation).get("content-type")).toBe(`application/${framing}+proto`);
	});
});

type SetHeader = { readonly header: { readonly key: string; readonly raw_value: Buffer } };
const setHeaders = (mutation: { readonly set_headers: readonly SetHeader[] }): Map<string, string> =>
	new Map(mutation.set_headers.map(({ header }) => [header.key, header.raw_value.toString()]));
