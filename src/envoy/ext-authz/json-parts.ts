import { Buffer } from "node:buffer";
import { char, escaped, type JsonOut } from "../../lib/json-out.ts";

const COMMA = 0x2c;
const QUOTE = 0x22;
const COLON = 0x3a;

/** Every member and element ends with a comma; whoever closes takes the last one back. */
export function comma(out: JsonOut): void {
	char(out, COMMA);
}

export function closeObject(out: JsonOut): void {
	close(out, 0x7d);
}

export function closeList(out: JsonOut): void {
	close(out, 0x5d);
}

function close(out: JsonOut, code: number): void {
	if (out.buffer[out.pos - 1] === COMMA) out.buffer[out.pos - 1] = code;
	else char(out, code);
}

/** A member's name from UTF-8 bytes, and its colon. */
export function key(out: JsonOut, bytes: Buffer, start: number, end: number): void {
	char(out, QUOTE);
	escaped(out, bytes, start, end);
	char(out, QUOTE);
	char(out, COLON);
}

/** A member's name and colon, ready to be copied. */
export function name(text: string): Buffer {
	return Buffer.from(`"${text}":`, "latin1");
}
