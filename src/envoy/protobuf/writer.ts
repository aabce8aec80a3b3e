import { Buffer } from "node:buffer";

/** A growing buffer of protobuf bytes. Reused between messages: {@link finish} copies what was written. */
export interface Writer {
	buffer: Buffer;
	pos: number;
}

const KEPT_BYTES = 1 << 18;
const SHORT_BYTES = 64;

export function createWriter(size = 1024): Writer {
	return { buffer: Buffer.allocUnsafe(size), pos: 0 };
}

/** Makes room for `count` more bytes. */
function reserve(w: Writer, count: number): void {
	const needed = w.pos + count;
	if (needed <= w.buffer.length) return;
	const grown = Buffer.allocUnsafe(Math.max(needed, w.buffer.length * 2));
	w.buffer.copy(grown, 0, 0, w.pos);
	w.buffer = grown;
}

/** The bytes written so far, as a copy; the writer starts anew and gives back memory that one large message took. */
export function finish(w: Writer): Buffer {
	const out = Buffer.allocUnsafe(w.pos);
	w.buffer.copy(out, 0, 0, w.pos);
	restart(w);
	return out;
}

/** Forgets what was written. */
export function restart(w: Writer): void {
	w.pos = 0;
	if (w.buffer.length > KEPT_BYTES) w.buffer = Buffer.allocUnsafe(1024);
}

/** A varint of an unsigned integer up to 2^53. */
export function writeUint(w: Writer, value: number): void {
	reserve(w, 10);
	const { buffer } = w;
	let rest = value;
	while (rest > 0x7f) {
		buffer[w.pos++] = (rest % 128) | 0x80;
		rest = Math.floor(rest / 128);
	}
	buffer[w.pos++] = rest;
}

/** How many octets {@link writeUint} takes. */
export function sizeOfUint(value: number): number {
	let size = 1;
	for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size++;
	return size;
}

/** `tag` is `field << 3 | wire type`. */
export function writeUintField(w: Writer, tag: number, value: number): void {
	writeUint(w, tag);
	writeUint(w, value);
}

export function writeBoolField(w: Writer, tag: number, value: boolean): void {
	writeUintField(w, tag, value ? 1 : 0);
}

export function writeDoubleField(w: Writer, tag: number, value: number): void {
	writeUint(w, tag);
	reserve(w, 8);
	w.pos = w.buffer.writeDoubleLE(value, w.pos);
}

/** Lone surrogates become U+FFFD, so the field is always UTF-8. */
export function writeStringField(w: Writer, tag: number, value: string): void {
	writeUint(w, tag);
	const { length } = value;
	reserve(w, length * 3 + 10);
	if (length < 42) {
		const start = w.pos + 1;
		const written = writeShort(w.buffer, start, value);
		w.buffer[w.pos] = written;
		w.pos = start + written;
		return;
	}
	writeLongText(w, value, Buffer.byteLength(value));
}

/** As {@link writeStringField} for a text of so many octets of UTF-8; answers whether it was. */
export function writeTextField(w: Writer, tag: number, value: string, octets: number): boolean {
	writeUint(w, tag);
	// Ten for the length, and enough for a text that takes more to show it.
	reserve(w, octets + 20);
	writeUint(w, octets);
	const written = w.buffer.write(value, w.pos, "utf8");
	w.pos += written;
	return written === octets;
}

function writeLongText(w: Writer, value: string, octets: number): void {
	writeUint(w, octets);
	// One octet a unit: ASCII, which needs no look at each.
	w.pos += w.buffer.write(value, w.pos, octets === value.length ? "latin1" : "utf8");
}

/** Short ASCII is quicker by hand than by a call into the runtime. */
function writeShort(buffer: Buffer, start: number, value: string): number {
	for (let index = 0; index < value.length; index++) {
		const code = value.charCodeAt(index);
		if (code > 0x7f) return buffer.write(value, start, "utf8");
		buffer[start + index] = code;
	}
	return value.length;
}

export function writeBytesField(w: Writer, tag: number, value: Uint8Array): void {
	writeUint(w, tag);
	writeUint(w, value.length);
	reserve(w, value.length);
	w.buffer.set(value, w.pos);
	w.pos += value.length;
}

/** Opens a message field; give what it returns to {@link endMessage}. */
export function beginMessage(w: Writer, tag: number): number {
	writeUint(w, tag);
	return beginLength(w);
}

/** As {@link beginMessage}, for a field whose tag was written. */
export function beginLength(w: Writer): number {
	reserve(w, 1);
	return w.pos++;
}

/** `bytes[start, end)` as they are. */
export function writeBytes(w: Writer, bytes: Uint8Array, start: number, end: number): void {
	if (start >= end) return;
	reserve(w, end - start);
	const { buffer } = w;
	// Few bytes are quicker by hand than by a call into the runtime.
	if (end - start <= SHORT_BYTES) for (let at = start; at < end; at++) buffer[w.pos++] = bytes[at] as number;
	else {
		buffer.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), w.pos);
		w.pos += end - start;
	}
}

/** Closes a message: writes its length in front, moving it where the length needs more than one byte. */
export function endMessage(w: Writer, mark: number): void {
	const length = w.pos - mark - 1;
	if (length < 0x80) {
		w.buffer[mark] = length;
		return;
	}
	const extra = length < 0x4000 ? 1 : length < 0x200000 ? 2 : length < 0x10000000 ? 3 : 4;
	reserve(w, extra);
	w.buffer.copyWithin(mark + 1 + extra, mark + 1, w.pos);
	const end = w.pos + extra;
	w.pos = mark;
	writeUint(w, length);
	w.pos = end;
}
