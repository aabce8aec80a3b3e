import { Buffer } from "node:buffer";
import type { ScalarKind } from "../../../fields/strategies.ts";
import type { JsonValue } from "../../../lib/json-value.ts";
import type { FieldType } from "../descriptors.ts";
import { createWriter, finish, type Writer, writeBytes, writeUint } from "../writer.ts";
import { zeroValue } from "./zero.ts";

const DOUBLE = 1;
const FLOAT = 2;
const BOOL = 8;
const STRING = 9;
const BYTES = 12;
const ENUM = 14;

/** Integers by kind: how they are written, and between which bounds. */
const INTEGERS: Readonly<
	Record<
		number,
		{
			readonly as: "varint" | "zigzag" | "fixed32" | "fixed64";
			readonly bits: 32 | 64;
			readonly signed: boolean;
		}
	>
> = {
	3: { as: "varint", bits: 64, signed: true },
	4: { as: "varint", bits: 64, signed: false },
	5: { as: "varint", bits: 32, signed: true },
	6: { as: "fixed64", bits: 64, signed: false },
	7: { as: "fixed32", bits: 32, signed: false },
	13: { as: "varint", bits: 32, signed: false },
	14: { as: "varint", bits: 32, signed: true },
	15: { as: "fixed32", bits: 32, signed: true },
	16: { as: "fixed64", bits: 64, signed: true },
	17: { as: "zigzag", bits: 32, signed: true },
	18: { as: "zigzag", bits: 64, signed: true },
};

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What a scalar field is in proto3 JSON: 64-bit integers, bytes and enumerations are strings there. */
export function jsonKindOf(field: FieldType): ScalarKind | "null" {
	if (field.enumeration?.name === "google.protobuf.NullValue") return "null";
	const integer = field.kind === ENUM ? undefined : INTEGERS[field.kind];
	if (integer !== undefined) return integer.bits === 64 ? "string" : "number";
	if (field.kind === BOOL) return "boolean";
	return field.kind === DOUBLE || field.kind === FLOAT ? "number" : "string";
}

/**
 * What stands behind the tag of `field` when it holds `value`; a value that the field's type has no room for becomes
 * the zero value, which hides as much as any other.
 */
export function encodeScalar(field: FieldType, value: JsonValue): Buffer {
	return encode(field, value) ?? zeroValue(field);
}

function encode(field: FieldType, value: JsonValue): Buffer | undefined {
	if (field.kind === BOOL) return typeof value === "boolean" ? Buffer.of(value ? 1 : 0) : undefined;
	if (field.kind === STRING || field.kind === BYTES) {
		if (typeof value !== "string") return undefined;
		if (field.kind === STRING) return withLength(Buffer.from(value));
		return BASE64.test(value) ? withLength(Buffer.from(value, "base64")) : undefined;
	}
	if (field.kind === DOUBLE || field.kind === FLOAT) {
		if (typeof value !== "number") return undefined;
		const bytes = Buffer.alloc(field.kind === DOUBLE ? 8 : 4);
		if (field.kind === DOUBLE) bytes.writeDoubleLE(value);
		else bytes.writeFloatLE(value);
		return bytes;
	}
	return encodeInteger(field, value);
}

function encodeInteger(field: FieldType, value: JsonValue): Buffer | undefined {
	const form = INTEGERS[field.kind];
	const number = field.kind === ENUM && typeof value === "string" ? valueNamed(field, value) : value;
	const whole =
		typeof number === "number"
			? Number.isSafeInteger(number)
			: form?.bits === 64 && typeof number === "string" && /^-?[0-9]{1,20}$/.test(number);
	if (form === undefined || !whole) return undefined;
	const integer = BigInt(number as number | string);
	const fits = form.signed ? BigInt.asIntN(form.bits, integer) : BigInt.asUintN(form.bits, integer);
	if (fits !== integer) return undefined;
	const bytes = Buffer.alloc(8);
	bytes.writeBigUInt64LE(BigInt.asUintN(64, integer));
	if (form.as === "fixed64") return bytes;
	if (form.as === "fixed32") return bytes.subarray(0, 4);
	const w = createWriter(16);
	writeVarint(w, form.as === "zigzag" ? (integer << 1n) ^ (integer >> 63n) : integer);
	return finish(w);
}

function valueNamed(field: FieldType, name: string): number | null {
	for (const [number, known] of field.enumeration?.names ?? []) if (known === name) return number;
	return null;
}

/** A varint of the low 64 bits. */
export function writeVarint(w: Writer, integer: bigint): void {
	const bytes: number[] = [];
	let rest = BigInt.asUintN(64, integer);
	while (rest > 0x7fn) {
		bytes.push(Number(rest & 0x7fn) | 0x80);
		rest >>= 7n;
	}
	bytes.push(Number(rest));
	writeBytes(w, Uint8Array.from(bytes), 0, bytes.length);
}

/** `content` behind its length. */
export function withLength(content: Uint8Array): Buffer {
	const w = createWriter(content.length + 10);
	writeUint(w, content.length);
	writeBytes(w, content, 0, content.length);
	return finish(w);
}
