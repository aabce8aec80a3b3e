import { Buffer } from "node:buffer";

/** Thrown when the document outgrows its limit; nothing was evaluated then. */
export class InputTooLarge extends Error {}

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

/** @throws InputTooLarge */
export function room(out: JsonOut, count: number): void {
	const needed = out.pos + count;
	if (needed > out.buffer.length) grow(out, needed);
}

function grow(out: JsonOut, needed: number): void {
	if (needed > out.limit) throw new InputTooLarge(`the input document is larger than ${out.limit} bytes`);
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
const HEX = Buffer.from("0123456789abcdef", "latin1");
/** 0: as it is; 1: as \u00XX; otherwise the letter of a short escape. */
const ESCAPE: Uint8Array = (() => {
	const table = new Uint8Array(256);
	table.fill(1, 0, 0x20);
	table[0x08] = 0x62;
	table[0x09] = 0x74;
	table[0x0a] = 0x6e;
	table[0x0c] = 0x66;
	table[0x0d] = 0x72;
	table[QUOTE] = QUOTE;
	table[0x5c] = 0x5c;
	return table;
})();

/** The inside of a JSON string from UTF-8 bytes, without its quotes. */
export function escaped(out: JsonOut, bytes: Buffer, start: number, end: number): void {
	const size = end - start;
	// Room for six bytes per byte when it is short; otherwise for what it takes as it is, more when escapes show up.
	room(out, size <= 1024 ? size * 6 : size);
	let { buffer } = out;
	let at = out.pos;
	let spare = buffer.length - at - size;
	for (let pos = start; pos < end; pos++) {
		const byte = bytes[pos] as number;
		const code = ESCAPE[byte] as number;
		if (code === 0) {
			buffer[at++] = byte;
			continue;
		}
		if (spare < 5) {
			out.pos = at;
			room(out, (end - pos) * 2 + 64);
			buffer = out.buffer;
			spare = buffer.length - at - (end - pos);
		}
		buffer[at++] = 0x5c;
		if (code === 1) {
			buffer[at++] = 0x75;
			buffer[at++] = 0x30;
			buffer[at++] = 0x30;
			buffer[at++] = HEX[byte >> 4] as number;
			buffer[at++] = HEX[byte & 15] as number;
			spare -= 5;
		} else {
			buffer[at++] = code;
			spare -= 1;
		}
	}
	out.pos = at;
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
			if (code > 0x7f || ESCAPE[code] !== 0) break;
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

/** The document so far; valid until the next reset. */
export function written(out: JsonOut): Buffer {
	return out.buffer.subarray(0, out.pos);
}
