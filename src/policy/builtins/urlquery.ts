import { byteString, bytesOf } from "../term/byte-string.ts";
import { compareStrings } from "../term/compare.ts";
import { arrayTerm, isObject, isSet, objectTerm, type Term } from "../term/term.ts";
import { type Builtin, ofString } from "./builtin.ts";
import { stringsOf } from "./strings.ts";

/** As Go's `url.QueryEscape`: unreserved characters (RFC 3986) stay, a space is `+`, other bytes are escaped. */
function escapeQuery(text: string): string {
	return bytesOf(text)
		.toString("latin1")
		.replace(
			/[^A-Za-z0-9_.~ -]/g,
			(byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
		)
		.replaceAll(" ", "+");
}

/** As Go's `url.QueryUnescape`; `undefined` for a bad escape. */
function unescapeQuery(text: string): string | undefined {
	const bytes: Buffer[] = [];
	let at = 0;
	while (at < text.length) {
		const next = text.indexOf("%", at);
		const end = next < 0 ? text.length : next;
		bytes.push(bytesOf(text.slice(at, end).replaceAll("+", " ")));
		if (next < 0) break;
		const digits = text.slice(next + 1, next + 3);
		if (!/^[0-9a-fA-F]{2}$/.test(digits)) return undefined;
		bytes.push(Buffer.from(digits, "hex"));
		at = next + 3;
	}
	return byteString(Buffer.concat(bytes));
}

function encodeObject(object: Term | undefined): Term | undefined {
	if (!isObject(object)) return undefined;
	const pairs: [string, readonly string[]][] = [];
	for (const [key, value] of object.entries) {
		const values = stringsOf(value);
		if (typeof key !== "string" || values === undefined) return undefined;
		pairs.push([key, isSet(value) ? [...values].sort(compareStrings) : values]);
	}
	pairs.sort((a, b) => compareStrings(a[0], b[0]));
	return pairs
		.flatMap(([key, values]) => values.map((value) => `${escapeQuery(key)}=${escapeQuery(value)}`))
		.join("&");
}

/** As Go's `url.ParseQuery`: a semicolon is an error, empty pairs are skipped. */
function decodeObject(text: string): Term | undefined {
	const members = new Map<string, string[]>();
	for (const pair of text.split("&")) {
		if (pair.includes(";")) return undefined;
		if (pair === "") continue;
		const equals = pair.indexOf("=");
		const key = unescapeQuery(equals < 0 ? pair : pair.slice(0, equals));
		const value = unescapeQuery(equals < 0 ? "" : pair.slice(equals + 1));
		if (key === undefined || value === undefined) return undefined;
		const values = members.get(key);
		if (values === undefined) members.set(key, [value]);
		else values.push(value);
	}
	return objectTerm([...members].map(([key, values]) => [key, arrayTerm(values)] as const));
}

export const urlqueryBuiltins: Readonly<Record<string, Builtin>> = {
	"urlquery.encode": ofString(escapeQuery),
	"urlquery.decode": ofString(unescapeQuery),
	"urlquery.encode_object": ([object]) => encodeObject(object),
	"urlquery.decode_object": ofString(decodeObject),
};
