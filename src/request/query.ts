import type { Buffer } from "node:buffer";
import { goText, unescapeBytes } from "./go-text.ts";

/** Names in the order of their first appearance, each with its values in order. */
export type Fields = ReadonlyMap<string, readonly string[]>;

export type QueryResult =
	| { readonly ok: true; readonly fields: Fields }
	| { readonly ok: false; readonly message: string };

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const SEMICOLON = 0x3b;

/**
 * Reads a query, or a form body, as Go's `url.ParseQuery` does: `+` is a space, a name alone has the value "", empty
 * pairs are passed over, a `;` or an escape that is none makes the whole thing unreadable.
 */
export function parseQuery(bytes: Buffer, start: number, end: number): QueryResult {
	const fields = new Map<string, string[]>();
	let pos = start;
	while (pos < end) {
		let stop = pos;
		let equals = -1;
		while (stop < end) {
			const byte = bytes[stop] as number;
			if (byte === AMPERSAND) break;
			if (byte === SEMICOLON) return { ok: false, message: "invalid semicolon separator in query" };
			if (byte === EQUALS && equals < 0) equals = stop;
			stop++;
		}
		if (stop > pos) {
			const name = queryText(bytes, pos, equals < 0 ? stop : equals);
			const value = equals < 0 ? "" : queryText(bytes, equals + 1, stop);
			if (name === undefined || value === undefined)
				return { ok: false, message: "invalid URL escape in query" };
			const values = fields.get(name);
			if (values === undefined) fields.set(name, [value]);
			else values.push(value);
		}
		pos = stop + 1;
	}
	return { ok: true, fields };
}

function queryText(bytes: Buffer, start: number, end: number): string | undefined {
	let plain = true;
	for (let pos = start; pos < end && plain; pos++) {
		const byte = bytes[pos] as number;
		plain = byte !== 0x25 && byte !== 0x2b && byte < 0x80;
	}
	if (plain) return bytes.toString("latin1", start, end);
	const raw = unescapeBytes(bytes, start, end, true);
	return raw === undefined ? undefined : goText(raw);
}
