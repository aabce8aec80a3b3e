import { Buffer } from "node:buffer";

/** Thrown when the document outgrows its limit; nothing was evaluated then. */
export class JsonTooLarge extends Error {}

/** A growing buffer of JSON text. Reused from one request to the next: what it holds is valid until the next reset. */
export interface JsonOut {
	buffer: Buffer;
	pos: number;
	readonly limit: number;
}

const START_BYTES = 1 << 14;
const KEPT_BYTES = 1 << 20;

export function createJsonOut(limit: number): JsonOut {
	return { buffer: Buffer.allocUnsafe(Math.min(START_BYTES, limit)), pos: 0, limit };
}

/** Starts a new document, giving back the memory of an unusually large one. */
export function reset(out: JsonOut): void {
	out.pos = 0;
	if (out.buffer.length > KEPT_BYTES) out.buffer = Buffer.allocUnsafe(START_BYTES);
}

/** @throws JsonTooLarge */
function room(out: JsonOut, count: number): void {
	const needed = out.pos + count;
	if (needed > out.buffer.length) grow(out, needed);
}

function grow(out: JsonOut, needed: number): void {
	if (needed > out.limit) throw new JsonTooLarge(`the document is larger than ${out.limit} bytes`);
	const grown = Buffer.allocUnsafe(Math.min(out.limit, Math.max(needed, out.buffer.length * 2)));
	out.buffer.copy(grown, 0, 0, out.pos);
	out.buffer = grown;
}

/** Copies bytes that are JSON already. */
export function raw(out: JsonOut, bytes: Buffer): void {
	const { length } = bytes;
	room(out, length);
	const { buffer } = out;
	if (length > 64) bytes.copy(buffer, out.pos);
	else for (let index = 0, at = out.pos; index < length; index++) buffer[at++] = bytes[index] as number;
	out.pos += length;
}

/** One ASCII character. */
export function char(out: JsonOut, code: number): void {
	room(out, 1);
	out.buffer[out.pos++] = code;
}

/** ASCII text that is JSON already. */
export function ascii(out: JsonOut, text: string): void {
	room(out, text.length);
	out.pos += out.buffer.write(text, out.pos, "latin1");
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HEX = Buffer.from("0123456789abcdef", "latin1");
/** From here on one call that copies costs less than a loop. */
const COPIED_BYTES = 48;

/** The inside of a JSON string from UTF-8 bytes, without its quotes. */
export function escaped(out: JsonOut, bytes: Buffer, start: number, end: number): void {
	let pos = start;
	while (pos < end) {
		const stop = plainUntil(bytes, pos, end);
		const length = stop - pos;
		room(out, length + 6);
		if (length < COPIED_BYTES) {
			const { buffer } = out;
			let at = out.pos;
			while (pos < stop) buffer[at++] = bytes[pos++] as number;
		} else bytes.copy(out.buffer, out.pos, pos, stop);
		out.pos += length;
		pos = stop;
		if (pos < end) escapeByte(out, bytes[pos++] as number);
	}
}

/** Position of the first byte that a JSON string may not hold as it is. */
function plainUntil(bytes: Buffer, start: number, end: number): number {
	let pos = start;
	while (pos < end) {
		const byte = bytes[pos] as number;
		if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) break;
		pos++;
	}
	return pos;
}

/** There is room for six bytes. */
function escapeByte(out: JsonOut, byte: number): void {
	const { buffer } = out;
	buffer[out.pos++] = BACKSLASH;
	if (byte >= 0x20) {
		buffer[out.pos++] = byte;
		return;
	}
	buffer[out.pos++] = 0x75;
	buffer[out.pos++] = 0x30;
	buffer[out.pos++] = 0x30;
	buffer[out.pos++] = HEX[byte >> 4] as number;
	buffer[out.pos++] = HEX[byte & 15] as number;
}

/**
 * A member of two strings, `"name":"value"`, in one go where both are short and hold nothing to escape, which is what
 * most headers are. Gives the position of the colon; −1 when nothing was written and the long way is to be taken.
 */
export function plainMember(
	out: JsonOut,
	bytes: Buffer,
	nameStart: number,
	nameEnd: number,
	start: number,
	end: number,
): number {
	room(out, nameEnd - nameStart + (end - start) + 5);
	const { buffer } = out;
	let at = out.pos;
	buffer[at++] = QUOTE;
	for (let pos = nameStart; pos < nameEnd; pos++) {
		const byte = bytes[pos] as number;
		if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) return -1;
		buffer[at++] = byte;
	}
	buffer[at++] = QUOTE;
	const colon = at;
	buffer[at++] = 0x3a;
	buffer[at++] = QUOTE;
	if (end - start >= COPIED_BYTES) {
		if (plainUntil(bytes, start, end) !== end) return -1;
		bytes.copy(buffer, at, start, end);
		at += end - start;
	} else {
		for (let pos = start; pos < end; pos++) {
			const byte = bytes[pos] as number;
			if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) return -1;
			buffer[at++] = byte;
		}
	}
	buffer[at++] = QUOTE;
	out.pos = at;
	return colon;
}

/** A member's name as {@link raw} takes it, its string value, and a comma. */
export function textMember(out: JsonOut, member: Buffer, bytes: Buffer, start: number, end: number): void {
	const { length } = member;
	const size = end - start;
	room(out, length + size + 3);
	const { buffer } = out;
	let at = out.pos;
	for (let index = 0; index < length; index++) buffer[at++] = member[index] as number;
	buffer[at++] = QUOTE;
	let pos = start;
	if (size < COPIED_BYTES) {
		for (; pos < end; pos++) {
			const byte = bytes[pos] as number;
			if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) break;
			buffer[at++] = byte;
		}
	}
	out.pos = at;
	if (pos < end) escaped(out, bytes, pos, end);
	room(out, 2);
	out.buffer[out.pos++] = QUOTE;
	out.buffer[out.pos++] = 0x2c;
}

/** A JSON string from UTF-8 bytes. */
export function quoted(out: JsonOut, bytes: Buffer, start: number, end: number): void {
	char(out, QUOTE);
	escaped(out, bytes, start, end);
	char(out, QUOTE);
}

/** A JSON string; lone surrogates become U+FFFD. */
export function text(out: JsonOut, value: string): void {
	const { length } = value;
	if (length <= 64) {
		room(out, length + 2);
		const { buffer } = out;
		let at = out.pos;
		buffer[at++] = QUOTE;
		let index = 0;
		for (; index < length; index++) {
			const code = value.charCodeAt(index);
			if (code > 0x7f || code < 0x20 || code === QUOTE || code === BACKSLASH) break;
			buffer[at++] = code;
		}
		if (index === length) {
			buffer[at++] = QUOTE;
			out.pos = at;
			return;
		}
	}
	const bytes = Buffer.from(value, "utf8");
	quoted(out, bytes, 0, bytes.length);
}

/** Longer texts are looked at by the runtime. */
const SHORT_TEXT = 128;

/** Whether a text stands between quotes as it is: at most 128 characters, ASCII, and nothing in it to escape. */
export function isPlain(text: string): boolean {
	const { length } = text;
	if (length > SHORT_TEXT) return false;
	for (let index = 0; index < length; index++) {
		const code = text.charCodeAt(index);
		if (code > 0x7e || code < 0x20 || code === QUOTE || code === BACKSLASH) return false;
	}
	return true;
}

/** A JSON string, to the letter as `JSON.stringify` makes it: in one go where it is plain. */
export function stringified(out: JsonOut, value: string): void {
	const { length } = value;
	if (length > SHORT_TEXT) {
		utf8(out, JSON.stringify(value));
		return;
	}
	room(out, length + 2);
	const { buffer } = out;
	let at = out.pos;
	buffer[at++] = QUOTE;
	for (let index = 0; index < length; index++) {
		const code = value.charCodeAt(index);
		if (code > 0x7e || code < 0x20 || code === QUOTE || code === BACKSLASH) {
			utf8(out, JSON.stringify(value));
			return;
		}
		buffer[at++] = code;
	}
	buffer[at++] = QUOTE;
	out.pos = at;
}

/** Text that is JSON already. */
export function utf8(out: JsonOut, value: string): void {
	const most = value.length * 3;
	const octets = out.pos + most <= out.buffer.length ? most : Buffer.byteLength(value);
	room(out, octets);
	out.pos += out.buffer.write(value, out.pos, "utf8");
}

/** Standard base64 of bytes, as a JSON string. */
export function base64(out: JsonOut, bytes: Buffer, start: number, end: number): void {
	char(out, QUOTE);
	ascii(out, bytes.toString("base64", start, end));
	char(out, QUOTE);
}

/** A whole number of any size, or a double as Go's JSON encoder prints it. */
export function number(out: JsonOut, value: number | bigint): void {
	if (
		typeof value === "number" &&
		value >= 0 &&
		value < 10 &&
		Number.isInteger(value) &&
		!Object.is(value, -0)
	) {
		char(out, 0x30 + value);
		return;
	}
	ascii(out, Object.is(value, -0) ? "-0" : String(value));
}

/** A whole number of less than ten digits; answers false, and writes nothing, for any other. */
export function whole(out: JsonOut, value: number): boolean {
	if (!(value >= 0 && value < 1e9 && Number.isInteger(value)) || Object.is(value, -0)) return false;
	let digits = 1;
	for (let most = 10; value >= most; most *= 10) digits++;
	room(out, digits);
	const { buffer } = out;
	out.pos += digits;
	let rest = value;
	for (let at = out.pos - 1; at >= out.pos - digits; at--) {
		const next = Math.trunc(rest / 10);
		buffer[at] = 0x30 + rest - next * 10;
		rest = next;
	}
	return true;
}

/** Copies what was written between two positions to the end. */
export function again(out: JsonOut, start: number, end: number): void {
	room(out, end - start);
	out.buffer.copyWithin(out.pos, start, end);
	out.pos += end - start;
}

/** The document so far; valid until the next reset. */
export function written(out: JsonOut): Buffer {
	return out.buffer.subarray(0, out.pos);
}
