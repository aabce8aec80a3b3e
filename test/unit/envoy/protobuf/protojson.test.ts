import { describe, expect, test } from "@jest/globals";
import { readDescriptors } from "../../../../src/envoy/protobuf/descriptors.ts";
import { emptyMessage, readDynamic } from "../../../../src/envoy/protobuf/dynamic-message.ts";
import { printJson } from "../../../../src/envoy/protobuf/protojson.ts";
import { cursor, WireError } from "../../../../src/envoy/protobuf/reader.ts";
import { encodeMessage, schemaOf } from "../../../support/descriptors.ts";

const SCHEMA = schemaOf(`
	syntax = "proto3";
	package t;
	enum Kind { NONE = 0; BOOK = 1; }
	message All {
		double d = 1; float f = 2; int64 i64 = 3; uint64 u64 = 4; int32 i32 = 5; fixed64 x64 = 6; fixed32 x32 = 7;
		bool yes = 8; string some_text = 9; bytes blob = 12; uint32 u32 = 13; Kind kind = 14; sfixed32 s32 = 15;
		sfixed64 s64 = 16; sint32 z32 = 17; sint64 z64 = 18;
		repeated int32 many = 19; repeated string words = 20; map<string, int64> counts = 21; map<int32, All> byId = 22;
		All inner = 23;
		oneof one { string left = 24; int32 right = 25; }
		repeated All list = 27; repeated Kind kinds = 28;
	}
	message Known {
		google.protobuf.Timestamp at = 1; google.protobuf.Duration took = 2; google.protobuf.Struct free = 3;
		google.protobuf.Int64Value wide = 4; google.protobuf.BoolValue flag = 5; google.protobuf.FieldMask mask = 6;
		google.protobuf.Any any = 7; google.protobuf.Value value = 8; google.protobuf.ListValue items = 9;
	}
`);
const LIMITS = { maxDepth: 12, maxLength: 10_000 };

function print(bytes: Buffer, type = "t.All", limits = LIMITS): string | undefined {
	const found = SCHEMA.descriptors.messages.get(type);
	if (found === undefined) throw new Error(`no type ${type}`);
	const message = emptyMessage(found);
	readDynamic(cursor(bytes), message);
	return printJson(message, SCHEMA.descriptors, limits);
}
const json = (value: object, type = "t.All"): unknown =>
	JSON.parse(print(encodeMessage(SCHEMA, type, value), type) ?? "null");
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

describe("scalars", () => {
	test("every kind in the form of proto3 JSON", () => {
		const value = {
			...{
				d: 1.5,
				f: 0.1,
				i64: -5,
				u64: "18446744073709551615",
				i32: -1,
				x64: 7,
				x32: 4294967295,
				yes: true,
			},
			...{
				some_text: 'é"',
				blob: Buffer.from([0, 255]),
				u32: 4294967295,
				kind: 1,
				s32: -2,
				s64: -3,
				z32: -4,
			},
			...{ z64: "-9223372036854775808" },
		};
		expect(json(value)).toEqual({
			...{ d: 1.5, f: 0.1, i64: "-5", u64: "18446744073709551615", i32: -1, x64: "7", x32: 4294967295 },
			...{ yes: true, someText: 'é"', blob: "AP8=", u32: 4294967295, kind: "BOOK", s32: -2, s64: "-3" },
			...{ z32: -4, z64: "-9223372036854775808" },
		});
	});
	test("defaults are left out, but for members of a oneof; minus zero is no default", () => {
		expect(json({ d: 0, some_text: "", kind: 0, many: [], right: 0 })).toEqual({ right: 0 });
		expect(print(encodeMessage(SCHEMA, "t.All", { d: -0 }))).toBe('{"d":-0}');
	});
	test("numbers that JSON has not are texts, an enum's unknown number is a number", () => {
		expect(json({ d: Number.NaN, f: Number.NEGATIVE_INFINITY })).toEqual({ d: "NaN", f: "-Infinity" });
		expect(print(hex("70 09"))).toBe('{"kind":9}');
		expect(print(encodeMessage(SCHEMA, "t.All", { d: 1e21, f: 1e-7 }))).toBe('{"d":1e+21,"f":1e-7}');
	});
});

describe("structure", () => {
	test("lists, maps and messages", () => {
		const value = {
			...{ many: [1, 0, -1], words: ["a", ""], counts: { __proto__x: 1, "": 0 }, byId: { 7: { i32: 1 } } },
			...{ inner: { inner: {} }, list: [{}, { yes: true }], kinds: [1, 0] },
		};
		expect(json(value)).toEqual({
			...{
				many: [1, 0, -1],
				words: ["a", ""],
				counts: { __proto__x: "1", "": "0" },
				byId: { 7: { i32: 1 } },
			},
			...{ inner: { inner: {} }, list: [{}, { yes: true }], kinds: ["BOOK", "NONE"] },
		});
	});
	test("lists may be packed or not, or both", () => {
		expect(print(hex("9a0102 0102 9801 03"))).toBe('{"many":[1,2,3]}');
	});
	test("a message that comes twice is merged, of a oneof and a scalar the last one counts", () => {
		expect(print(hex("ba01022801 ba01024001"))).toBe('{"inner":{"i32":1,"yes":true}}');
		expect(print(hex("c20101 61 c80105"))).toBe('{"right":5}');
		expect(print(hex("2801 2802"))).toBe('{"i32":2}');
	});
	test("a known field in a wrong wire type is an unknown one", () => {
		expect(print(hex("2a0161"))).toBe("{}");
		expect(print(hex("4801"))).toBe("{}");
	});
	test("an entry without key or value has their defaults", () => {
		expect(print(hex("aa0100 b20100"))).toBe('{"counts":{"":"0"},"byId":{"0":{}}}');
	});
	test("depth and length are bounded", () => {
		const deep = (levels: number): object => (levels === 0 ? {} : { inner: deep(levels - 1) });
		expect(json(deep(11))).toEqual(deep(11));
		expect(() => json(deep(12))).toThrow(new WireError("too deep"));
		expect(print(Buffer.concat(Array.from({ length: 4000 }, () => hex("da0100"))))).toBeUndefined();
	});
	test.each(["50ff", "0d01", "4a02ff", "4a01ff", "ba0103", "9a010280"])("%s is no message", (bytes) => {
		expect(() => print(hex(bytes))).toThrow(WireError);
	});
});

describe("well-known types", () => {
	const known = (value: object): unknown => json(value, "t.Known");
	test.each([
		[{ at: { seconds: 0, nanos: 0 } }, { at: "1970-01-01T00:00:00Z" }],
		[{ at: { seconds: 1700000000, nanos: 120_000_000 } }, { at: "2023-11-14T22:13:20.120Z" }],
		[{ at: { seconds: -1, nanos: 1 } }, { at: "1969-12-31T23:59:59.000000001Z" }],
		[{ took: { seconds: 3, nanos: 1000 } }, { took: "3.000001s" }],
		[{ took: { seconds: 0, nanos: -500_000_000 } }, { took: "-0.500s" }],
		[
			{ wide: { value: 0 }, flag: { value: false } },
			{ wide: "0", flag: false },
		],
		[{ mask: { paths: ["a_b.c", "d"] } }, { mask: "aB.c,d" }],
		[{ any: {} }, { any: {} }],
		[{ any: { type_url: "x/t.All", value: hex("2801") } }, { any: { "@type": "x/t.All", i32: 1 } }],
		[
			{ any: { type_url: "x/google.protobuf.Duration", value: hex("0801") } },
			{ any: { "@type": "x/google.protobuf.Duration", value: "1s" } },
		],
	])("%j", (value, wanted) => {
		expect(known(value)).toEqual(wanted);
	});
	test("free JSON", () => {
		const text = { stringValue: "x" };
		const list = { listValue: { values: [{ numberValue: 1.5 }, { nullValue: 0 }, { boolValue: false }] } };
		expect(known({ free: { fields: { a: text, b: list } }, value: { structValue: { fields: {} } } })).toEqual(
			{
				free: { a: "x", b: [1.5, null, false] },
				value: {},
			},
		);
		expect(known({ items: { values: [text] } })).toEqual({ items: ["x"] });
	});
	test.each([
		{ at: { seconds: 253402300800 } },
		{ at: { nanos: -1 } },
		{ took: { seconds: 1, nanos: -1 } },
		{ took: { seconds: 315576000001 } },
		{ mask: { paths: ["aB"] } },
		{ any: { type_url: "x/t.Nothing" } },
		{ any: { value: Buffer.from([1]) } },
		{ value: {} },
		{ value: { numberValue: Number.NaN } },
	])("%j has no JSON", (value) => {
		expect(() => known(value)).toThrow(WireError);
	});
});

describe("descriptor sets", () => {
	test("bytes that are none are refused, and sets with holes", () => {
		expect(() => readDescriptors(Buffer.from("hello"))).toThrow(
			expect.objectContaining({ code: "descriptors_invalid" }),
		);
		const twice = Buffer.concat([SCHEMA.bytes, SCHEMA.bytes]);
		expect(() => readDescriptors(twice)).toThrow(/declared twice/);
		const renamed = Buffer.from(SCHEMA.bytes.toString("latin1").replace("Kind", "Nope"), "latin1");
		expect(() => readDescriptors(renamed)).toThrow(/Nope, which is not in the set/);
	});
});
