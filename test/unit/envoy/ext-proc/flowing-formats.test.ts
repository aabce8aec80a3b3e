import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { createDescriptorShelf } from "../../../../src/envoy/protobuf/descriptor-shelf.ts";
import { encodeMessage, schemaOf } from "../../../support/descriptors.ts";
import {
	type HeaderPairs,
	handoffMetadata,
	responseBody,
	responseHeaders,
	responseTrailers,
	STREAMED,
} from "../../../support/ext-proc-messages.ts";
import { frame } from "../../../support/grpc-frame.ts";
import { openStream, send } from "../../../support/process-exchange.ts";

const SCHEMA = schemaOf(`
	syntax = "proto3";
	package clinic;
	message Person { int32 id = 1; string ssn = 2; }
	service People { rpc List(Person) returns (stream Person); }
`);
const GRPC = {
	method: "clinic.People/List",
	descriptors: createHash("sha256").update(SCHEMA.bytes).digest("hex"),
};
const RELEASE = { release: ["$.id", "$[*].id"], stream: true };
const person = (value: object): Buffer => encodeMessage(SCHEMA, "clinic.Person", value);
const given = (id: number): Buffer => frame(person({ id, ssn: "SECRET" }));
const masked = (id: number): Buffer => frame(person({ id }));

async function start(type: string, headers: HeaderPairs = [], more: object = {}) {
	const made = openStream({ descriptors: createDescriptorShelf(SCHEMA.bytes) });
	const [essence = ""] = type.split(";");
	const response = { ...RELEASE, media_types: [essence], ...more };
	const metadata = handoffMetadata({ response, ...(essence === "application/grpc" ? { grpc: GRPC } : {}) });
	const answer = await send(
		made.stream,
		responseHeaders({ metadata, protocol: STREAMED, headers: [["content-type", type], ...headers] }),
	);
	return {
		...made,
		headers: answer,
		piece: async (bytes: string | Uint8Array, last = false) => {
			const step = await send(made.stream, responseBody(bytes, last));
			return Buffer.from(step.response_body?.response.body_mutation?.body ?? "").toString("latin1");
		},
	};
}

describe("a stream of gRPC messages", () => {
	test("leaves message by message, each when it is complete", async () => {
		const { piece, records, headers } = await start("application/grpc");
		expect(headers.mode_override).toBeUndefined();
		const [one, two] = [given(1), given(2)];
		expect(await piece(one.subarray(0, 9))).toBe("");
		expect(await piece(Buffer.concat([one.subarray(9), two.subarray(0, 3)]))).toBe(
			masked(1).toString("latin1"),
		);
		expect(await piece(two.subarray(3))).toBe(masked(2).toString("latin1"));
		expect(records).toMatchObject([{ outcome: "flowing" }]);
	});

	test("ends in its trailers, which are judged by the directive", async () => {
		for (const [more, removed] of [
			[{}, ["grpc-message", "x-data"]],
			[{ grpc_message: "release" }, ["x-data"]],
		] as const) {
			const { piece, stream, records } = await start("application/grpc", [], more);
			await piece(given(1));
			const trailers = await send(
				stream,
				responseTrailers([
					["grpc-status", "0"],
					["grpc-message", "SECRET"],
					["x-data", "SECRET"],
				]),
			);
			expect(trailers.response_trailers.header_mutation.remove_headers).toEqual(removed);
			expect(stream.mayEnd()).toBe(true);
			expect(records[1]).toMatchObject({ outcome: "released", fields: { withheld: [{ count: 1 }] } });
		}
	});

	test("comes compressed and goes on uncompressed", async () => {
		const { piece } = await start("application/grpc", [["grpc-encoding", "gzip"]]);
		expect(await piece(frame(gzipSync(person({ id: 1, ssn: "SECRET" })), 1))).toBe(
			masked(1).toString("latin1"),
		);
		// The limit of what one body may unfold to is for bodies that are held back.
		const large = frame(gzipSync(person({ id: 1, ssn: "x".repeat(50_000) })), 1);
		for (let sent = 0; sent < 1 << 23; sent += 50_000)
			expect(await piece(large)).toBe(masked(1).toString("latin1"));
	});

	test.each<[string, Buffer, string]>([
		["no protobuf", frame(Buffer.from([0x0c])), "body_malformed"],
		["too large a message", Buffer.from([0, 0, 0x10, 0, 1]), "body_too_large"],
		["what is none of gRPC", Buffer.from("SECRET"), "body_malformed"],
	])("is cut at %s, and what had left was masked", async (_name, bad, reason) => {
		const { stream, piece, records } = await start("application/grpc");
		expect(await piece(given(1))).toBe(masked(1).toString("latin1"));
		const answer = await send(stream, responseBody(Buffer.concat([given(2), bad]), false));
		expect(answer.immediate_response).toMatchObject({
			grpc_status: { status: 13 },
			details: `postern_${reason}`,
		});
		expect(records).toMatchObject([{ outcome: "flowing" }, { outcome: "cut", reason }]);
	});

	test("is cut where it ends inside of a message", async () => {
		const { stream, piece, records } = await start("application/grpc");
		await piece(given(1).subarray(0, -1));
		const answer = await send(stream, responseTrailers([["grpc-status", "0"]]));
		expect(answer.immediate_response).toMatchObject({ grpc_status: { status: 13 } });
		expect(records[1]).toMatchObject({ outcome: "cut", reason: "body_malformed" });
	});
});

const part = (content: string): string => `--b\r\nContent-Type: application/json\r\n\r\n${content}\r\n`;

describe("other types that a directive lets flow leave as they are judged", () => {
	test.each<[string, readonly string[], string]>([
		[
			"application/json-seq",
			['\x1e{"id":1,"ssn":"SECRET"}\n', '\x1e{"ssn":"SECRET"}\n'],
			'\x1e{"id":1}\n\x1e{}\n',
		],
		["text/csv; header=present", ["id,ssn\n1,SECRET\n", "2,SECRET\n"], "id\n1\n2\n"],
		[
			"multipart/mixed; boundary=b",
			[part('{"id":1,"ssn":"SECRET"}'), `${part('{"ssn":"SECRET","id":2}')}--b--`],
			`${part('{"id":1}')}${part('{"id":2}')}--b--`,
		],
		["application/x-www-form-urlencoded", ["id=1&ssn=SEC", "RET&id=2"], "id=1&id=2"],
	])("%s", async (type, pieces, expected) => {
		const { piece, records } = await start(type);
		const first = await piece(pieces[0] as string);
		expect(first.length).toBeGreaterThan(0);
		expect(expected.startsWith(first)).toBe(true);
		expect(first + (await piece(pieces[1] as string, true))).toBe(expected);
		expect(records.map(({ outcome }) => outcome)).toEqual(["flowing", "released"]);
	});
});
