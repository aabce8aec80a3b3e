import { isUtf8 } from "node:buffer";

/**
 * OPA's strings hold any bytes. A byte that is no part of UTF-8 is one lone surrogate here, U+DC00 plus its value
 * (as PEP 383 has it), so that it counts as one character, equals itself alone, and goes back to the module as it was.
 */
const ESCAPE = 0xdc00;

/** Under the `u` flag a pair is one code point, so this meets lone surrogates alone. */
const LONE_SURROGATES = /\p{Surrogate}/gu;

export const isWellFormed = (text: string): boolean => text.isWellFormed();

/** U+FFFD for whatever is no text, as Go's JSON has it. */
export const wellFormed = (text: string): string =>
	isWellFormed(text) ? text : text.replace(LONE_SURROGATES, "\ufffd");

/** Length of the UTF-8 sequence that starts at `at`; 0 for none. Unicode 15, table 3-7. */
function sequenceLength(bytes: Uint8Array, at: number): number {
	const first = bytes[at] ?? 0;
	const length =
		first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
	return length > 0 && isUtf8(bytes.subarray(at, at + length)) && at + length <= bytes.length ? length : 0;
}

export function byteString(bytes: Buffer): string {
	if (isUtf8(bytes)) return bytes.toString("utf8");
	const parts: string[] = [];
	let from = 0;
	for (let at = 0; at < bytes.length; ) {
		const length = sequenceLength(bytes, at);
		if (length === 0) {
			parts.push(bytes.toString("utf8", from, at), String.fromCharCode(ESCAPE + (bytes[at] ?? 0)));
			from = at + 1;
		}
		at += Math.max(length, 1);
	}
	parts.push(bytes.toString("utf8", from));
	return parts.join("");
}

/** The bytes of a string in which lone surrogates stand for single bytes. */
export function bytesOf(text: string): Buffer {
	if (isWellFormed(text)) return Buffer.from(text, "utf8");
	const parts: Buffer[] = [];
	for (const char of text) {
		const code = char.codePointAt(0) ?? 0;
		const escaped = code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff;
		parts.push(escaped ? Buffer.of(code - ESCAPE) : Buffer.from(char, "utf8"));
	}
	return Buffer.concat(parts);
}
