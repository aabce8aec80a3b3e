import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { emptyMessage, readDynamic } from "../../src/envoy/protobuf/dynamic-message.ts";
import { printJson } from "../../src/envoy/protobuf/protojson.ts";
import { cursor, WireError } from "../../src/envoy/protobuf/reader.ts";
import { encodeMessage, schemaOf } from "../support/descriptors.ts";

const SCHEMA = schemaOf(`
	syntax = "proto3";
	message M {
		int64 a = 1; string b = 2; bytes c = 3; repeated sint32 d = 4; map<string, double> e = 5; M f = 6; repeated M g = 7;
		float h = 8; fixed64 i = 9;
	}
`);
const LIMITS = { maxDepth: 60, maxLength: 1_000_000 };

function print(bytes: Buffer): string | undefined {
	const message = emptyMessage(SCHEMA.descriptors.messages.get("M") as NonNullable<ReturnType<typeof type>>);
	readDynamic(cursor(bytes), message);
	return printJson(message, SCHEMA.descriptors, LIMITS);
}
const type = () => SCHEMA.descriptors.messages.get("M");

interface Message {
	readonly [field: string]: unknown;
}
const text = fc.string({ unit: "binary", minLength: 1, maxLength: 6 });
const { message } = fc.letrec<{ message: Message }>((tie) => ({
	message: fc.record(
		{
			a: fc
				.bigInt(-(2n ** 63n), 2n ** 63n - 1n)
				.filter((value) => value !== 0n)
				.map(String),
			b: text,
			c: fc.uint8Array({ minLength: 1, maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString("base64")),
			d: fc.array(fc.integer(), { minLength: 1, maxLength: 4 }),
			e: fc.dictionary(text, fc.double({ noNaN: true, noDefaultInfinity: true }), { minKeys: 1, maxKeys: 3 }),
			f: tie("message"),
			g: fc.array(tie("message"), { minLength: 1, maxLength: 2 }),
			h: fc.float({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, 0)),
			i: fc.bigInt(1n, 2n ** 64n - 1n).map(String),
		},
		{ requiredKeys: [] },
	) as fc.Arbitrary<Message>,
}));

/** The 32-bit numbers in a message as the nearest ones that have 32 bits. */
function rounded(value: unknown, key = ""): unknown {
	if (typeof value === "number") return key === "h" ? Math.fround(value) : value;
	if (Array.isArray(value)) return value.map((item) => rounded(item, key));
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, rounded(item, name)]));
}

test("what the reference implementation writes is read back, field by field", () => {
	fc.assert(
		fc.property(message, (value) => {
			const printed = print(encodeMessage(SCHEMA, "M", value));
			expect(rounded(JSON.parse(printed ?? ""))).toEqual(rounded(value));
		}),
	);
});

test("of bytes that were changed, a message or a refusal comes, and the text is JSON", () => {
	const change = fc.record({ at: fc.nat(80), remove: fc.nat(3), insert: fc.uint8Array({ maxLength: 4 }) });
	fc.assert(
		fc.property(message, fc.array(change, { minLength: 1, maxLength: 3 }), (value, changes) => {
			let bytes = encodeMessage(SCHEMA, "M", value);
			for (const { at, remove, insert } of changes) {
				bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
			}
			try {
				JSON.parse(print(bytes) ?? "0");
			} catch (thrown) {
				expect(thrown).toBeInstanceOf(WireError);
			}
		}),
	);
});
