import { Buffer, isUtf8 } from "node:buffer";
import { HEX_VALUE } from "../lib/hex.ts";

/**
 * Text of bytes as Go's JSON encoder prints them: each byte that belongs to no valid UTF-8 sequence is one U+FFFD.
 * (WHATWG decoders replace a whole broken sequence by one.) `replacement` stands for each such byte instead.
 */
export function goText(bytes: Buffer, replacement = "\ufffd"): string {
	if (isUtf8(bytes)) return bytes.toString("utf8");
	let text = "";
	let valid = 0;
	let pos = 0;
	while (pos < bytes.length) {
		const length = sequenceLength(bytes, pos);
		if (length > 0) {
			pos += length;
			continue;
		}
		text += `${bytes.toString("utf8", valid, pos)}${replacement}`;
		pos++;
		valid = pos;
	}
	return text + bytes.toString("utf8", valid, pos);
}

/** Length of the UTF-8 sequence at `pos`, 0 when there is none. */
function sequenceLength(bytes: Buffer, pos: number): number {
	const lead = bytes[pos] as number;
	if (lead < 0x80) return 1;
	const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
	return length > 0 && pos + length <= bytes.length && isUtf8(bytes.subarray(pos, pos + length)) ? length : 0;
}

const PERCENT = 0x25;
const PLUS = 0x2b;

/**
 * Undoes percent encoding between `start` and `end`, and `+` for a space in a query. Undefined for an escape that is none.
 */
export function unescapeBytes(bytes: Buffer, start: number, end: number, plus: boolean): Buffer | undefined {
	const out = Buffer.allocUnsafe(end - start);
	let length = 0;
	for (let pos = start; pos < end; pos++) {
		let byte = bytes[pos] as number;
		if (byte === PERCENT) {
			if (pos + 2 >= end) return undefined;
			const high = HEX_VALUE[bytes[pos + 1] as number] as number;
			const low = HEX_VALUE[bytes[pos + 2] as number] as number;
			if (high < 0 || low < 0) return undefined;
			byte = high * 16 + low;
			pos += 2;
		} else if (plus && byte === PLUS) byte = 0x20;
		out[length++] = byte;
	}
	return out.subarray(0, length);
}
