import { expect, test } from "@jest/globals";
import { createGrpcReader } from "../../../../src/envoy/ext-authz/grpc-body.ts";
import { schemaOf } from "../../../support/descriptors.ts";

const SCHEMA = schemaOf(`
	syntax = "proto3";
	package t;
	message Ask { string who = 1; repeated Ask more = 2; }
	service Shop { rpc Put(Ask) returns (Ask); rpc List(Ask) returns (stream Ask); rpc Upload(stream Ask) returns (Ask); }
`);
const read = createGrpcReader(SCHEMA.descriptors, { maxDepth: 10, maxLength: 200 });

function outcome(bytes: Buffer | string, path = "t.Shop/Put"): string {
	const frames = typeof bytes === "string" ? Buffer.from(bytes.replaceAll(" ", ""), "hex") : bytes;
	const whole = Buffer.concat([Buffer.from("ab"), frames, Buffer.from("c")]);
	const body = read({ bytes: whole, start: 2, end: whole.length - 1, segments: path.split("/") });
	if (body.kind === "json") return body.json.bytes.toString("utf8", body.json.start, body.json.end);
	return body.kind === "none" ? body.state : body.kind;
}
const ANN = "00 00000005 0a 03 616e6e";

test("the message of a unary and of a server-streaming call is read", () => {
	expect(outcome(ANN)).toBe('{"who":"ann"}');
	expect(outcome(ANN, "t.Shop/List")).toBe('{"who":"ann"}');
	expect(outcome("00 00000000")).toBe("{}");
});

test("what no policy can judge is not read: client streams, unknown methods, compressed or cut messages", () => {
	expect(outcome(ANN, "t.Shop/Upload")).toBe("unparsed");
	expect(outcome(ANN + ANN, "t.Shop/Upload")).toBe("unparsed");
	expect(outcome(ANN, "t.Shop/Nope")).toBe("unparsed");
	expect(outcome(ANN, "t.Ask/Put")).toBe("unparsed");
	expect(outcome(`01${ANN.slice(2)}`)).toBe("compressed");
	expect(outcome("00 00000006 0a 03 616e6e")).toBe("truncated");
	expect(outcome("00 ffffffff")).toBe("truncated");
});

test("a second message, a cut frame, bytes that are no message and another path are refused", () => {
	expect(outcome(ANN + ANN)).toBe("malformed");
	expect(outcome(`${ANN}00`)).toBe("malformed");
	expect(outcome("00 000000")).toBe("malformed");
	expect(outcome("00 00000003 0a 03 61")).toBe("malformed");
	expect(outcome("00 00000003 0a 01 ff")).toBe("malformed");
	expect(outcome(ANN, "Put")).toBe("malformed");
	expect(outcome(ANN, "a/t.Shop/Put")).toBe("malformed");
});

test("a message whose text would be out of proportion is too large", () => {
	const many = Buffer.alloc(400, Buffer.from([0x12, 0]));
	expect(outcome(Buffer.concat([Buffer.from([0, 0, 0, 1, 144]), many]))).toBe("too_large");
});
