import { decodeString, encodeScalar } from "../json-text.ts";
import type { MaskAction } from "../strategies.ts";
import type { MaskerOptions } from "../types.ts";
import { wordFor } from "./words.ts";

/** Kinds of value, in the order of the scanner: scalars come before containers. */
export const STRING = 1;
export const NUMBER = 2;
export const WORD = 3;
export const OBJECT = 4;
export const ARRAY = 5;

const QUOTE = Buffer.from('"');

/**
 * What takes the place of a value that begins with byte `first`, as far as that is known before it is read:
 * `undefined` for the strings and numbers that the strategy has to see.
 */
export function replaceUnread(
	action: MaskAction,
	kind: number,
	first: number,
	path: string,
	options: MaskerOptions,
): Uint8Array | undefined {
	const { fixed } = action;
	if (kind >= OBJECT) return fixed.container;
	if (kind === STRING) return fixed.string;
	if (kind === NUMBER) return fixed.number;
	const word = wordFor(first);
	if (first === 0x6e) return fixed.null ?? word;
	if (fixed.boolean !== undefined) return fixed.boolean;
	const masked = action.apply("boolean", first === 0x74 ? "true" : "false", path, options);
	return masked === undefined ? word : encodeScalar(masked);
}

/** What takes the place of a string (between its quotes) or a number that is `b[start, end)`. */
export function replaceRead(
	action: MaskAction,
	kind: number,
	b: Uint8Array,
	start: number,
	end: number,
	path: string,
	options: MaskerOptions,
): Uint8Array {
	const text = decodeString(b, start, end);
	const masked = action.apply(kind === STRING ? "string" : "number", text, path, options);
	if (masked !== undefined) return encodeScalar(masked);
	const raw = b.subarray(start, end);
	return kind === STRING ? Buffer.concat([QUOTE, raw, QUOTE]) : Uint8Array.from(raw);
}

/** Whether `bytes` are the token whose raw text, for a string without its quotes, is `b[start, end)`. */
export function isToken(bytes: Uint8Array, kind: number, b: Uint8Array, start: number, end: number): boolean {
	const quotes = kind === STRING ? 1 : 0;
	const length = end - start;
	if (bytes.length !== length + 2 * quotes || (quotes === 1 && bytes[0] !== QUOTE[0])) return false;
	for (let k = 0; k < length; k++) if (bytes[quotes + k] !== b[start + k]) return false;
	return true;
}
