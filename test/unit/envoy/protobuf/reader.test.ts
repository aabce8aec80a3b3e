import { describe, expect, test } from "@jest/globals";
import {
	cursor,
	MAX_MESSAGE_DEPTH,
	readInt32,
	readInt64,
	readLength,
	readString,
	readTag,
	readUint32,
	skipField,
	WireError,
} from "../../../../src/envoy/protobuf/reader.ts";

const at = (...bytes: readonly number[]) => cursor(Buffer.from(bytes));

/** Reads a whole message of unknown fields. */
function readAll(bytes: readonly number[]): void {
	const c = cursor(Buffer.from(bytes));
	while (c.pos < c.end) skipField(c, readTag(c));
}

describe("tags", () => {
	test("field numbers 0 and over 2^29−1 are refused, in short and in long form", () => {
		expect(() => readTag(at(0x00))).toThrow("field number 0");
		expect(() => readTag(at(0x07))).toThrow("field number 0");
		expect(() => readTag(at(0x80, 0x00))).toThrow(WireError);
		expect(() => readTag(at(0x80, 0x80, 0x80, 0x80, 0x10))).toThrow("out of range");
	});
	test("the highest field number is read", () => {
		expect(readTag(at(0xf8, 0xff, 0xff, 0xff, 0x0f))).toBe(0xfffffff8);
	});
	test("a longer form than needed is the same tag", () => {
		expect(readTag(at(0x8a, 0x00))).toBe(10);
	});
});

describe("varints", () => {
	test("ten bytes make −1, and an eleventh byte or a tenth over 1 overflows", () => {
		const minusOne = [...Array(9).fill(0xff), 0x01];
		expect(readInt64(at(...minusOne))).toBe(-1);
		expect(readInt32(at(...minusOne))).toBe(-1);
		expect(() => readInt64(at(...Array(9).fill(0xff), 0x02))).toThrow("overflows");
		expect(() => readInt64(at(...Array(10).fill(0x80), 0x00))).toThrow("overflows");
	});
	test("values beyond 2^53 keep every digit", () => {
		expect(readInt64(at(...Array(8).fill(0xff), 0x7f))).toBe(9223372036854775807n);
		expect(readInt64(at(...Array(9).fill(0x80), 0x01))).toBe(-9223372036854775808n);
	});
	test("32-bit fields keep the low 32 bits", () => {
		expect(readUint32(at(0x85, 0x80, 0x80, 0x80, 0x10))).toBe(5);
	});
	test("the end of the message cuts a varint even where the buffer goes on", () => {
		const c = cursor(Buffer.from([0x80, 0x01]), 0, 1);
		expect(() => readUint32(c)).toThrow("truncated");
		expect(() => readTag(cursor(Buffer.from([0x0a]), 0, 0))).toThrow("truncated");
	});
});

describe("fields", () => {
	test.each([
		["length past the end", [0x0a, 0x05, 0x61]],
		["length of 2^63", [0x0a, ...Array(9).fill(0x80), 0x01]],
		["two-byte length past the end", [0x0a, 0x80, 0x01]],
		["fixed64 cut", [0x09, 1, 2, 3]],
		["fixed32 cut", [0x0d, 1, 2, 3]],
		["wire type 6", [0x0e]],
		["wire type 7", [0x0f]],
		["end of a group that never began", [0x0c]],
		["group without end", [0x0b]],
		["group ended by another", [0x0b, 0x14]],
	])("%s is refused", (_name, bytes) => {
		expect(() => readAll(bytes)).toThrow(WireError);
	});
	test("groups, nested ones too, are passed over", () => {
		expect(() => readAll([0x0b, 0x13, 0x08, 0x01, 0x14, 0x0c, 0x10, 0x05])).not.toThrow();
	});
	test("groups nested without bound are refused before the stack ends", () => {
		expect(() => readAll(Array(200_000).fill(0x0b))).toThrow("too deep");
		expect(() => cursor(Buffer.alloc(1), 0, 1, MAX_MESSAGE_DEPTH + 1)).toThrow("too deep");
	});
	test("a length of three bytes is read", () => {
		const c = cursor(Buffer.concat([Buffer.from([0x80, 0x80, 0x01]), Buffer.alloc(16384)]));
		expect(readLength(c)).toBe(16384);
		expect(c.pos).toBe(3);
	});
});

describe("strings", () => {
	test.each([
		["a lone continuation byte", [0x80]],
		["an overlong slash", [0xc0, 0xaf]],
		["half a surrogate pair", [0xed, 0xa0, 0x80]],
		["a cut sequence", [0xe2, 0x98]],
		["beyond U+10FFFF", [0xf5, 0x80, 0x80, 0x80]],
	])("%s is refused", (_name, bytes) => {
		expect(() => readString(at(bytes.length, ...bytes))).toThrow("invalid UTF-8");
	});
	test("valid UTF-8 is read", () => {
		const bytes = Buffer.from("a é ☃ 😀");
		expect(readString(at(bytes.length, ...bytes))).toBe("a é ☃ 😀");
	});
});
