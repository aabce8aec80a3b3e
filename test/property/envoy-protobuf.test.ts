import { expect, test } from "@jest/globals";
import fc from "fast-check";
import protobuf from "protobufjs";
import { cursor, LENGTH, readTag, WireError } from "../../src/envoy/protobuf/reader.ts";
import {
	memberKey,
	open,
	readPiece,
	readStruct,
	writeMember,
	writeStructField,
	writeTextMember,
} from "../../src/envoy/protobuf/struct.ts";
import { createWriter, finish, writeStringField } from "../../src/envoy/protobuf/writer.ts";
import type { JsonObject } from "../../src/lib/json-value.ts";
import { plainStruct, structOf } from "../support/ext-authz-messages.ts";

const root = new protobuf.Root();
root.resolvePath = () => null;
const definition = protobuf.common.get("google/protobuf/struct.proto");
root.addJSON((definition as { nested: Record<string, protobuf.AnyNestedObject> }).nested);
const Struct = root.lookupType("google.protobuf.Struct");

const TAG = (4 << 3) | LENGTH;
/** Strings that UTF-8 can carry. */
const text = fc
	.oneof(
		fc.string({ unit: "binary" }),
		fc.string({ maxLength: 300 }),
		fc.constantFrom("constructor", "", "toString"),
	)
	.map((given) => Buffer.from(given).toString());
const json = fc.letrec((tie) => ({
	value: fc.oneof(
		{ depthSize: "small" },
		fc.constant(null),
		fc.boolean(),
		fc.double({ noNaN: true, noDefaultInfinity: true }),
		text,
		fc.array(tie("value"), { maxLength: 5 }),
		tie("object"),
	),
	object: fc.dictionary(text, tie("value"), { maxKeys: 6, noNullPrototype: true }),
}));
const object = json["object"] as fc.Arbitrary<JsonObject>;

function written(value: JsonObject): Buffer {
	const w = createWriter(16);
	writeStructField(w, TAG, value);
	return finish(w);
}

function readBack(bytes: Buffer): JsonObject {
	const c = cursor(bytes);
	expect(readTag(c)).toBe(TAG);
	const struct = readStruct(open(readPiece(c), 0));
	expect(c.pos).toBe(bytes.length);
	return struct;
}

/** Without the difference between prototypes, which equality would otherwise see. */
const plain = (value: unknown): unknown => structuredClone(value);

test("a Struct that is written and read is the same", () => {
	fc.assert(
		fc.property(object, (value) => {
			expect(plain(readBack(written(value)))).toEqual(plain(value));
		}),
	);
});

test("protobufjs reads what we write", () => {
	fc.assert(
		fc.property(object, (value) => {
			const bytes = written(value);
			const c = cursor(bytes);
			readTag(c);
			const { start, end } = readPiece(c);
			expect(plainStruct(Struct.toObject(Struct.decode(bytes.subarray(start, end))))).toEqual(plain(value));
		}),
	);
});

test("we read what protobufjs writes", () => {
	fc.assert(
		fc.property(object, (value) => {
			const bytes = Buffer.from(Struct.encode(Struct.fromObject(structOf(value))).finish());
			expect(plain(readStruct(cursor(bytes)))).toEqual(plain(value));
		}),
	);
});

test("__proto__ is a member like any other", () => {
	const value = JSON.parse('{"__proto__":{"x":1},"a":{"__proto__":[true]}}') as JsonObject;
	const back = readBack(written(value));
	expect(Object.keys(back)).toEqual(["__proto__", "a"]);
	expect(JSON.stringify(back)).toBe('{"__proto__":{"x":1},"a":{"__proto__":[true]}}');
	expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
});

test("lone surrogates are written as U+FFFD, so every string is UTF-8", () => {
	fc.assert(
		fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 200 }), (units) => {
			const value = String.fromCharCode(...units);
			const w = createWriter(4);
			writeStringField(w, 10, value);
			const reader = protobuf.Reader.create(finish(w));
			reader.uint32();
			expect(reader.string()).toBe(Buffer.from(value).toString());
		}),
	);
});

test("arbitrary bytes are read or refused, and nothing else", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
			try {
				readStruct(cursor(Buffer.from(bytes)));
			} catch (thrown) {
				expect(thrown).toBeInstanceOf(WireError);
			}
		}),
		{ numRuns: 2000 },
	);
});

test("messages nested without bound are refused before the stack ends", () => {
	const w = createWriter();
	let value: JsonObject = {};
	for (let depth = 0; depth < 700; depth++) value = { a: value };
	writeStructField(w, TAG, value);
	expect(() => readBack(finish(w))).toThrow("too deep");
});

test("a text of which it is taken for granted that it is ASCII is the same member, at every length and place", () => {
	const any = fc.oneof(
		text,
		fc.nat(300).map((count) => "a".repeat(count)),
		fc.nat(300).map((count) => `${"a".repeat(count)}é`),
		fc.nat(200).map((count) => "é€\u{1f600}".repeat(count)),
	);
	fc.assert(
		fc.property(fc.array(any, { maxLength: 4 }), fc.nat(64), (texts, size) => {
			const [one, other] = [createWriter(16 + size), createWriter(16 + size)];
			for (const each of texts) {
				writeTextMember(one, memberKey("key"), each);
				writeMember(other, "key", each);
			}
			expect(finish(one)).toEqual(finish(other));
		}),
		{ numRuns: 1000 },
	);
});
