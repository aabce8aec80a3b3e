import { Buffer } from "node:buffer";
import { HEX_VALUE } from "../../lib/hex.ts";

const BACKSLASH = 0x5c;
const LOWER_U = 0x75;
const LOWER_D = 0x64;
const ESCAPE_BYTES = 6;

/**
 * A JSON text with every escaped surrogate pair (`\ud83d\ude00`) written as the character that it stands for. OPA's
 * reader in the module puts pairs together wrongly on every second plane from U+20000 on: it would see another character
 * than the one that was sent. Gives the same bytes back where there is no such pair.
 */
export function withoutEscapedPairs(text: Uint8Array): Uint8Array {
	const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
	const first = bytes.indexOf(BACKSLASH);
	if (first < 0 || !(bytes.includes("\\ud", first, "latin1") || bytes.includes("\\uD", first, "latin1")))
		return text;
	const out = Buffer.allocUnsafe(bytes.length);
	let length = 0;
	let pos = 0;
	while (pos < bytes.length) {
		const byte = bytes[pos] as number;
		if (byte !== BACKSLASH) {
			out[length++] = byte;
			pos++;
			continue;
		}
		const pair = pairAt(bytes, pos);
		if (pair > 0) {
			// Every character beyond the first plane has four bytes in UTF-8.
			out[length++] = 0xf0 | (pair >> 18);
			out[length++] = 0x80 | ((pair >> 12) & 0x3f);
			out[length++] = 0x80 | ((pair >> 6) & 0x3f);
			out[length++] = 0x80 | (pair & 0x3f);
			pos += 2 * ESCAPE_BYTES;
			continue;
		}
		// An escape has two bytes at least, and the second one may be a backslash: it begins no other escape.
		out[length++] = byte;
		pos++;
		if (pos < bytes.length) out[length++] = bytes[pos++] as number;
	}
	return out.subarray(0, length);
}

/** The character of the escaped pair that begins at a backslash; 0 when none does. */
function pairAt(bytes: Buffer, at: number): number {
	if (bytes[at + 1] !== LOWER_U || ((bytes[at + 2] as number) | 0x20) !== LOWER_D) return 0;
	const high = unitAt(bytes, at);
	if (high < 0xd800 || high >= 0xdc00) return 0;
	const low = unitAt(bytes, at + ESCAPE_BYTES);
	return low < 0xdc00 || low >= 0xe000 ? 0 : 0x10000 + (high - 0xd800) * 0x400 + (low - 0xdc00);
}

/** The code unit of `\uXXXX` at an offset; −1 for anything else. */
function unitAt(bytes: Buffer, at: number): number {
	if (bytes[at] !== BACKSLASH || bytes[at + 1] !== LOWER_U) return -1;
	let unit = 0;
	for (let place = at + 2; place < at + ESCAPE_BYTES; place++) {
		const digit = HEX_VALUE[bytes[place] as number];
		// Undefined behind the end of the text.
		if (digit === undefined || digit < 0) return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}
