import { Buffer, isUtf8 } from "node:buffer";

export type JsonCheck =
	| {
			readonly ok: true;
			/** Some object names a member twice. */
			readonly duplicates: boolean;
			/** Offsets of `\uXXXX` escapes that are half of no pair. */
			readonly surrogates: readonly number[];
	  }
	| { readonly ok: false; readonly message: "malformed" | "too_deep" };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

const MALFORMED: JsonCheck = { ok: false, message: "malformed" };
const TOO_DEEP: JsonCheck = { ok: false, message: "too_deep" };

/**
 * Whether the bytes from `start` to `end` are one JSON text (RFC 8259) and nothing else, in UTF-8, at most `maxDepth`
 * containers deep. Only what passes here may be spliced into an input document: the policy engine's own reader takes
 * more than JSON. Needs no stack; keeps the names of the open objects to find members named twice, escapes resolved.
 */
export function checkJson(bytes: Buffer, start: number, end: number, maxDepth: number): JsonCheck {
	if (!isUtf8(bytes.subarray(start, end))) return MALFORMED;
	/** Per open container: undefined for a list, else the names so far. */
	const open: (Set<string> | undefined)[] = [];
	let duplicates = false;
	const surrogates: number[] = [];
	const escapes = hasUnicodeEscape(bytes, start, end);
	let pos = space(bytes, start, end);
	for (;;) {
		const byte = pos < end ? (bytes[pos] as number) : 0;
		let done = true;
		if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
			if (open.length >= maxDepth) return TOO_DEEP;
			pos = space(bytes, pos + 1, end);
			if (pos < end && bytes[pos] === (byte === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_LIST)) pos++;
			else {
				open.push(byte === OPEN_OBJECT ? new Set() : undefined);
				done = false;
			}
		} else if (byte === QUOTE) {
			const stop = stringEnd(bytes, pos, end);
			if (stop < 0) return MALFORMED;
			if (escapes) collectSurrogates(bytes, pos, stop, surrogates);
			pos = stop;
		} else {
			pos = scalarEnd(bytes, pos, end, byte);
			if (pos < 0) return MALFORMED;
		}
		// A value has ended: close what closes here, and pass the comma before the next one.
		while (done) {
			pos = space(bytes, pos, end);
			if (open.length === 0) {
				return pos === end ? { ok: true, duplicates, surrogates } : MALFORMED;
			}
			const next = pos < end ? bytes[pos] : 0;
			if (next === COMMA) {
				pos = space(bytes, pos + 1, end);
				done = false;
			} else if (next === (open[open.length - 1] === undefined ? CLOSE_LIST : CLOSE_OBJECT)) {
				open.pop();
				pos++;
			} else return MALFORMED;
		}
		const names = open[open.length - 1];
		if (names === undefined) continue;
		if (pos >= end || bytes[pos] !== QUOTE) return MALFORMED;
		const stop = stringEnd(bytes, pos, end);
		if (stop < 0) return MALFORMED;
		if (escapes) collectSurrogates(bytes, pos, stop, surrogates);
		if (!duplicates) {
			const name = memberName(bytes, pos, stop);
			if (names.has(name)) duplicates = true;
			else names.add(name);
		}
		pos = space(bytes, stop, end);
		if (pos >= end || bytes[pos] !== COLON) return MALFORMED;
		pos = space(bytes, pos + 1, end);
	}
}

function hasUnicodeEscape(bytes: Buffer, start: number, end: number): boolean {
	const first = bytes.indexOf("\\u", start, "latin1");
	return first >= 0 && first < end;
}

function space(bytes: Buffer, start: number, end: number): number {
	let pos = start;
	while (pos < end) {
		const byte = bytes[pos] as number;
		if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
		pos++;
	}
	return pos;
}

/** Position after the string that opens at `start`; −1 when it is none. */
function stringEnd(bytes: Buffer, start: number, end: number): number {
	for (let pos = start + 1; pos < end; pos++) {
		const byte = bytes[pos] as number;
		if (byte === QUOTE) return pos + 1;
		if (byte < 0x20) return -1;
		if (byte !== BACKSLASH) continue;
		const code = pos + 1 < end ? (bytes[++pos] as number) : 0;
		if (code === 0x75) {
			if (pos + 4 >= end || hex4(bytes, pos + 1) < 0) return -1;
			pos += 4;
		} else if (!ESCAPES.includes(code)) return -1;
	}
	return -1;
}

const ESCAPES = Buffer.from('"\\/bfnrt', "latin1");

function hex4(bytes: Buffer, start: number): number {
	let value = 0;
	for (let pos = start; pos < start + 4; pos++) {
		const byte = bytes[pos] as number;
		const lower = byte | 0x20;
		if (byte >= 0x30 && byte <= 0x39) value = value * 16 + byte - 0x30;
		else if (lower >= 0x61 && lower <= 0x66) value = value * 16 + lower - 0x57;
		else return -1;
	}
	return value;
}

/** Position after a literal or number; −1 when there is none. */
function scalarEnd(bytes: Buffer, start: number, end: number, first: number): number {
	if (first === 0x74) return literal(bytes, start, end, TRUE);
	if (first === 0x66) return literal(bytes, start, end, FALSE);
	if (first === 0x6e) return literal(bytes, start, end, NULL);
	let pos = first === 0x2d ? start + 1 : start;
	const lead = pos < end ? (bytes[pos] as number) : 0;
	if (lead === 0x30) pos++;
	else {
		pos = digits(bytes, pos, end);
		if (pos < 0) return -1;
	}
	if (pos < end && bytes[pos] === 0x2e) {
		pos = digits(bytes, pos + 1, end);
		if (pos < 0) return -1;
	}
	if (pos < end && ((bytes[pos] as number) | 0x20) === 0x65) {
		pos++;
		if (pos < end && (bytes[pos] === 0x2b || bytes[pos] === 0x2d)) pos++;
		return digits(bytes, pos, end);
	}
	return pos;
}

const TRUE = Buffer.from("true");
const FALSE = Buffer.from("false");
const NULL = Buffer.from("null");

function literal(bytes: Buffer, start: number, end: number, word: Buffer): number {
	if (end - start < word.length) return -1;
	for (let index = 0; index < word.length; index++) if (bytes[start + index] !== word[index]) return -1;
	return start + word.length;
}

/** Position after one or more digits, −1 when there is none. */
function digits(bytes: Buffer, start: number, end: number): number {
	let pos = start;
	while (pos < end && (bytes[pos] as number) >= 0x30 && (bytes[pos] as number) <= 0x39) pos++;
	return pos === start ? -1 : pos;
}

/** A member's name, escapes resolved, in a form in which equal names are equal strings. */
function memberName(bytes: Buffer, start: number, stop: number): string {
	const inner = bytes.subarray(start + 1, stop - 1);
	if (!inner.includes(BACKSLASH)) return inner.toString("latin1");
	return Buffer.from(JSON.parse(bytes.toString("utf8", start, stop)) as string, "utf8").toString("latin1");
}

/** Adds the offsets (of the backslash) of surrogate escapes without a partner in the string from `start` to `stop`. */
function collectSurrogates(bytes: Buffer, start: number, stop: number, found: number[]): void {
	let pos = start;
	while (pos < stop) {
		if (bytes[pos] !== BACKSLASH) pos++;
		else if (bytes[pos + 1] !== 0x75) pos += 2;
		else {
			const unit = hex4(bytes, pos + 2);
			const paired =
				unit >= 0xd800 && unit <= 0xdbff && bytes[pos + 6] === BACKSLASH && bytes[pos + 7] === 0x75;
			const low = paired ? hex4(bytes, pos + 8) : 0;
			if (low >= 0xdc00 && low <= 0xdfff) pos += 12;
			else {
				if (unit >= 0xd800 && unit <= 0xdfff) found.push(pos);
				pos += 6;
			}
		}
	}
}
