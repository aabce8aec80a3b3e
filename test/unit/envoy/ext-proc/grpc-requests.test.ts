import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { createDescriptorShelf } from "../../../../src/envoy/protobuf/descriptor-shelf.ts";
import { encodeMessage, schemaOf } from "../../../support/descriptors.ts";
import {
	type HeaderPairs,
	handoffMetadata,
	requestBody,
	requestHeaders,
	responseBody,
	responseHeaders,
} from "../../../support/ext-proc-messages.ts";
import { frame } from "../../../support/grpc-frame.ts";
import { openStream, send } from "../../../support/process-exchange.ts";

const SCHEMA = schemaOf(`
	syntax = "proto3";
	package clinic;
	message Person {
		int32 id = 1;
		string name = 2;
		string role = 3;
		map<string, string> notes = 4;
		google.protobuf.Timestamp born = 5;
		repeated Person friends = 6;
	}
	message Done { int32 id = 1; string secret = 2; }
	service People { rpc Put(Person) returns (Done); }
`);
const GRPC = {
	method: "clinic.People/Put",
	descriptors: createHash("sha256").update(SCHEMA.bytes).digest("hex"),
};
const WRITE = { release: ["$.name", "$.notes", "$.born"], media_types: ["application/grpc"] };
const TYPE: readonly [string, string] = ["content-type", "application/grpc"];

const person = (value: object): Buffer => encodeMessage(SCHEMA, "clinic.Person", value);
const GIVEN = person({ id: 7, name: "Ada", role: "SECRET" });
const WRITTEN = person({ name: "Ada" });

async function write(
	body: Uint8Array,
	options: {
		readonly headers?: HeaderPairs;
		readonly request?: object;
		readonly response?: object;
		readonly grpc?: typeof GRPC;
	} = {},
) {
	const made = openStream({ descriptors: createDescriptorShelf(SCHEMA.bytes) });
	const { headers = [], request = WRITE, response, grpc = GRPC } = options;
	const metadata = handoffMetadata({ request, grpc, ...(response === undefined ? {} : { response }) });
	const answered = await send(
		made.stream,
		requestHeaders({ method: "POST", metadata, headers: [TYPE, ...headers] }),
	);
	const after = answered.immediate_response ? answered : await send(made.stream, requestBody(body));
	return { ...made, metadata, headers: answered, body: after };
}

// biome-ignore lint/suspicious/noExplicitAny: a decoded answer
const bytesOf = (answer: any): Buffer => Buffer.from(answer.request_body.response.body_mutation.body);
// biome-ignore lint/suspicious/noExplicitAny: a decoded answer
const refusal = ({ immediate_response: given }: any) =>
	given === undefined ? undefined : [given.grpc_status?.status, given.details.replace(/^postern_/, "")];

const INVALID_ARGUMENT = 3;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
const UNAVAILABLE = 14;

describe("the messages of a request under a directive", () => {
	test("reach the service masked, each by itself", async () => {
		const { body, records } = await write(Buffer.concat([frame(GIVEN), frame(WRITTEN), frame(GIVEN)]));
		expect(bytesOf(body)).toEqual(Buffer.concat([frame(WRITTEN), frame(WRITTEN), frame(WRITTEN)]));
		expect(records).toMatchObject([
			{ direction: "request", outcome: "released", fields: { withheld: [{ count: 2 }, { count: 2 }] } },
		]);
	});

	test("lose what the descriptor set does not know", async () => {
		const unknown = Buffer.from([0xfa, 0x01, 3, 0x58, 0x58, 0x58]);
		expect(bytesOf((await write(frame(Buffer.concat([GIVEN, unknown])))).body)).toEqual(frame(WRITTEN));
	});

	test("go on uncompressed, and say so", async () => {
		const headers: HeaderPairs = [["grpc-encoding", "gzip"]];
		const { headers: answered, body } = await write(frame(gzipSync(GIVEN), 1), { headers });
		expect(answered.request_headers.response.header_mutation.remove_headers).toEqual(["grpc-encoding"]);
		expect(bytesOf(body)).toEqual(frame(WRITTEN));
	});

	test("are judged before the answer, which is judged too", async () => {
		const response = { release: ["$.id"], media_types: ["application/grpc"] };
		const { stream, metadata, records } = await write(frame(GIVEN), { response });
		await send(stream, responseHeaders({ metadata, headers: [TYPE], protocol: undefined }));
		const done = encodeMessage(SCHEMA, "clinic.Done", { id: 1, secret: "SECRET" });
		const answer = await send(stream, responseBody(frame(done), false));
		expect(Buffer.from(answer.response_body.response.body_mutation.body)).toEqual(
			frame(encodeMessage(SCHEMA, "clinic.Done", { id: 1 })),
		);
		expect(records.map(({ direction }) => direction)).toEqual(["request", "response"]);
	});
});

describe("a request that cannot be masked goes no further, and its sender gets a status of gRPC", () => {
	const starred = { request: { ...WRITE, mask: [{ select: "$.name", as: "partial", keep_start: 1 }] } };
	test.each<[string, Uint8Array, Parameters<typeof write>[1], number, string]>([
		["what is no protobuf", frame(Buffer.from([0x0c])), {}, INVALID_ARGUMENT, "body_malformed"],
		["a message cut short", frame(GIVEN).subarray(0, -1), {}, INVALID_ARGUMENT, "body_malformed"],
		["too large a message", Buffer.from([0, 0, 0x10, 0, 1, 8, 7]), {}, RESOURCE_EXHAUSTED, "body_too_large"],
		[
			"a time that has no JSON form",
			frame(person({ born: { seconds: 1e15 } })),
			{},
			INVALID_ARGUMENT,
			"body_malformed",
		],
		["a masked view", frame(person({ name: "[redacted]" })), {}, INVALID_ARGUMENT, "mask_token"],
		["a masked view of what goes", frame(person({ role: "[redacted]" })), {}, INVALID_ARGUMENT, "mask_token"],
		[
			"one in a list, in the last message",
			Buffer.concat([frame(GIVEN), frame(person({ friends: [{}, { name: "A**" }] }))]),
			starred,
			INVALID_ARGUMENT,
			"mask_token",
		],
		[
			"keys that differ by case",
			frame(person({ notes: { a: "1", A: "2" } })),
			{},
			INVALID_ARGUMENT,
			"names_ambiguous",
		],
		["a signed one", frame(GIVEN), { headers: [["x-signature", "1"]] }, INVALID_ARGUMENT, "body_signed"],
		["snappy", frame(GIVEN), { headers: [["grpc-encoding", "snappy"]] }, UNIMPLEMENTED, "body_unsupported"],
		[
			"a type that the directive does not name",
			frame(GIVEN),
			{ request: { release: ["$"] } },
			UNIMPLEMENTED,
			"body_unsupported",
		],
		[
			"a method that the set does not have",
			frame(GIVEN),
			{ grpc: { ...GRPC, method: "clinic.People/No" } },
			UNIMPLEMENTED,
			"body_unsupported",
		],
		[
			"a set of another replica",
			frame(GIVEN),
			{ grpc: { ...GRPC, descriptors: "d2" } },
			UNAVAILABLE,
			"handoff_stale",
		],
		[
			"no directive that anybody knows",
			frame(GIVEN),
			{ request: { relaese: [] } },
			UNAVAILABLE,
			"handoff_stale",
		],
	])("%s", async (_name, bytes, options, status, reason) => {
		const { body, records } = await write(bytes, options);
		expect(refusal(body)).toEqual([status, reason]);
		expect(body.immediate_response.body ?? Buffer.alloc(0)).toHaveLength(0);
		expect(records).toMatchObject([{ direction: "request", outcome: "replaced", reason }]);
	});

	test("nor what nobody decided about", async () => {
		const { stream } = openStream();
		expect(refusal(await send(stream, requestHeaders({ headers: [TYPE] })))).toEqual([
			INTERNAL,
			"no_decision",
		]);
	});

	test("a signed one passes where nothing changes", async () => {
		const headers: HeaderPairs = [["x-signature", "1"]];
		expect(bytesOf((await write(frame(WRITTEN), { headers })).body)).toEqual(frame(WRITTEN));
	});
});

test.each(["multipart/form-data; boundary=b", "multipart/mixed; boundary=b", "text/csv; header=present"])(
	"%s is not written: refused, though answers of it are masked",
	async (type) => {
		const [essence = ""] = type.split(";");
		const { stream, records } = openStream();
		const metadata = handoffMetadata({ request: { release: ["$"], media_types: [essence] } });
		const answer = await send(stream, requestHeaders({ metadata, headers: [["content-type", type]] }));
		expect([answer.immediate_response.status.code, answer.immediate_response.details]).toEqual([
			415,
			"postern_body_unsupported",
		]);
		expect(records).toMatchObject([{ outcome: "replaced", reason: "body_unsupported" }]);
	},
);
