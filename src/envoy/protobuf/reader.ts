import { Buffer, isUtf8 } from "node:buffer";

/** Bytes that are no protobuf message, or none that Go's decoder, and so the rest of the Envoy world, would read. */
export class WireError extends Error {
	constructor(message: string) {
		super(message);
		this.name = "WireError";
	}
}

/**
 * A place in a message. `end` moves inwards while a message inside is read; `depth` counts those messages.
 * Tags are compared whole (`field << 3 | wire type`), so a known field in a wrong wire type is an unknown field, as Go has it.
 */
export interface Cursor {
	readonly bytes: Buffer;
	pos: number;
	end: number;
	depth: number;
}

/** Messages inside messages; far above what Envoy sends, far below what would exhaust the stack. */
export const MAX_MESSAGE_DEPTH = 1000;

const MAX_FIELD_NUMBER = 0x1fffffff;

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH = 2;
export const START_GROUP = 3;
const END_GROUP = 4;
export const FIXED32 = 5;

/** Reads `bytes` from `start` to `end`; `depth` is that of the message around them. */
export function cursor(bytes: Buffer, start = 0, end: number = bytes.length, depth = 0): Cursor {
	if (depth > MAX_MESSAGE_DEPTH) throw new WireError("messages are nested too deep");
	return { bytes, pos: start, end, depth };
}

/** A view of `bytes` as a Buffer; copies nothing. */
export function asBuffer(bytes: Uint8Array): Buffer {
	return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The next field's tag, unsigned. Field number 0 and numbers over 2^29−1 are errors, as in Go. */
export function readTag(c: Cursor): number {
	const first = c.bytes[c.pos] as number;
	if (c.pos < c.end && first < 0x80) {
		if (first < 8) throw new WireError("field number 0");
		c.pos++;
		return first;
	}
	const value = readUint64(c);
	const field = value >> 3n;
	if (field < 1n || field > BigInt(MAX_FIELD_NUMBER)) throw new WireError("field number out of range");
	return Number(value);
}

/** The low 32 bits of a varint, unsigned: what a `uint32`, an `int32` and an enum keep of it. */
export function readUint32(c: Cursor): number {
	const value = readSmall(c);
	return value >= 0 ? value % 0x100000000 : Number(BigInt.asUintN(32, readUint64(c)));
}

export function readInt32(c: Cursor): number {
	return readUint32(c) | 0;
}

export function readBool(c: Cursor): boolean {
	return readUint64(c) !== 0n;
}

/** An `int64`: a number where a number holds it exactly. */
export function readInt64(c: Cursor): number | bigint {
	const small = readSmall(c);
	if (small >= 0) return small;
	const value = BigInt.asIntN(64, readUint64(c));
	const number = Number(value);
	return Number.isSafeInteger(number) ? number : value;
}

/** A varint of at most seven bytes, 49 bits; −1, and nothing read, when there is none. */
function readSmall(c: Cursor): number {
	const { bytes } = c;
	const stop = Math.min(c.end, c.pos + 7);
	let value = 0;
	let scale = 1;
	for (let pos = c.pos; pos < stop; pos++) {
		const byte = bytes[pos] as number;
		if (byte < 0x80) {
			c.pos = pos + 1;
			return value + byte * scale;
		}
		value += (byte & 0x7f) * scale;
		scale *= 128;
	}
	return -1;
}

/** At most ten bytes, the tenth at most 1. Longer forms than needed are read, as Go reads them. */
function readUint64(c: Cursor): bigint {
	const { bytes, end } = c;
	let low = 0;
	let high = 0n;
	let pos = c.pos;
	for (let index = 0; index < 10; index++) {
		if (pos >= end) throw new WireError("truncated varint");
		const byte = bytes[pos++] as number;
		if (index < 4) low += (byte & 0x7f) * 2 ** (7 * index);
		else high |= BigInt(byte & 0x7f) << BigInt(7 * index);
		if (index === 9 && byte > 1) throw new WireError("varint overflows 64 bits");
		if (byte < 0x80) {
			c.pos = pos;
			return BigInt(low) | high;
		}
	}
	throw new WireError("varint overflows 64 bits");
}

/** Length of what follows; it fits into what is left. Afterwards `pos` stands on its first byte. */
export function readLength(c: Cursor): number {
	const { bytes } = c;
	let length = bytes[c.pos] as number;
	if (c.pos < c.end && length < 0x80) c.pos++;
	else {
		const second = bytes[c.pos + 1] as number;
		if (c.pos + 1 < c.end && second < 0x80) {
			length = (length & 0x7f) | (second << 7);
			c.pos += 2;
		} else length = Number(readUint64(c));
	}
	if (length > c.end - c.pos) throw new WireError("truncated field");
	return length;
}

export function readDouble(c: Cursor): number {
	if (c.end - c.pos < 8) throw new WireError("truncated field");
	const value = c.bytes.readDoubleLE(c.pos);
	c.pos += 8;
	return value;
}

/** Passes over the value of an unknown field, checking its form. */
export function skipField(c: Cursor, tag: number): void {
	switch (tag & 7) {
		case VARINT:
			skipVarint(c);
			break;
		case FIXED64:
			skipBytes(c, 8);
			break;
		case LENGTH:
			skipBytes(c, readLength(c));
			break;
		case FIXED32:
			skipBytes(c, 4);
			break;
		case START_GROUP:
			skipGroup(c, tag + (END_GROUP - START_GROUP));
			break;
		default:
			throw new WireError(`wire type ${tag & 7}`);
	}
}

/** As `readUint64`, for who does not want the number. */
function skipVarint(c: Cursor): void {
	const { bytes } = c;
	const stop = Math.min(c.end, c.pos + 10);
	for (let pos = c.pos; pos < stop; pos++) {
		const byte = bytes[pos] as number;
		if (byte >= 0x80) continue;
		if (pos === c.pos + 9 && byte > 1) break;
		c.pos = pos + 1;
		return;
	}
	throw new WireError(stop < c.pos + 10 ? "truncated varint" : "varint overflows 64 bits");
}

function skipBytes(c: Cursor, count: number): void {
	if (count > c.end - c.pos) throw new WireError("truncated field");
	c.pos += count;
}

function skipGroup(c: Cursor, endTag: number): void {
	if (++c.depth > MAX_MESSAGE_DEPTH) throw new WireError("messages are nested too deep");
	for (;;) {
		if (c.pos >= c.end) throw new WireError("truncated group");
		const tag = readTag(c);
		if (tag === endTag) break;
		skipField(c, tag);
	}
	c.depth--;
}

/** Enters the message that starts here; gives back the end to restore by {@link leave}. */
export function enter(c: Cursor): number {
	const length = readLength(c);
	if (++c.depth > MAX_MESSAGE_DEPTH) throw new WireError("messages are nested too deep");
	const outer = c.end;
	c.end = c.pos + length;
	return outer;
}

export function leave(c: Cursor, outer: number): void {
	c.pos = c.end;
	c.end = outer;
	c.depth--;
}

/** proto3 strings are UTF-8: no overlong forms, no surrogates. */
export function requireUtf8(bytes: Buffer, start: number, end: number): void {
	for (let pos = start; pos < end; pos++) {
		if ((bytes[pos] as number) < 0x80) continue;
		if (!isUtf8(bytes.subarray(pos, end))) throw new WireError("invalid UTF-8 in a string field");
		return;
	}
}

/** A string field's text. */
export function readString(c: Cursor): string {
	const length = readLength(c);
	const start = c.pos;
	c.pos += length;
	requireUtf8(c.bytes, start, c.pos);
	return c.bytes.toString("utf8", start, c.pos);
}

/** A bytes field, not copied: it lives as long as the message's buffer. */
export function readBytes(c: Cursor): Buffer {
	const length = readLength(c);
	const start = c.pos;
	c.pos += length;
	return c.bytes.subarray(start, c.pos);
}
