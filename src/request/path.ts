import type { Buffer } from "node:buffer";
import { goText, unescapeBytes } from "./go-text.ts";
import { type Fields, parseQuery } from "./query.ts";

export type PathResult =
	| {
			readonly ok: true;
			/** `parsed_path`: the decoded path without its leading slashes, split at slashes. */
			readonly segments: readonly string[];
			/** `parsed_query`. */
			readonly query: Fields;
	  }
	| { readonly ok: false; readonly message: string };

const SLASH = 0x2f;
const QUESTION = 0x3f;
const PERCENT = 0x25;
const NO_FIELDS: Fields = new Map();

/**
 * `parsed_path` and `parsed_query` of a request target, as opa-envoy-plugin gives them: cut at the first `?`, the path
 * percent-decoded as a whole, then freed of leading slashes and split. Neither dot segments nor fragments are special.
 */
export function parsePath(bytes: Buffer, start: number, end: number): PathResult {
	let stop = start;
	let escaped = false;
	while (stop < end) {
		const byte = bytes[stop] as number;
		if (byte === QUESTION) break;
		if (byte === PERCENT) escaped = true;
		stop++;
	}
	let text: string;
	if (escaped) {
		const raw = unescapeBytes(bytes, start, stop, false);
		if (raw === undefined) return { ok: false, message: "invalid URL escape in path" };
		text = goText(raw);
	} else text = bytes.toString("utf8", start, stop);
	let first = 0;
	while (text.charCodeAt(first) === SLASH) first++;
	const segments = splitAtSlashes(text, first);
	if (stop + 1 >= end) return { ok: true, segments, query: NO_FIELDS };
	const query = parseQuery(bytes, stop + 1, end);
	return query.ok ? { ok: true, segments, query: query.fields } : query;
}

/** As `split` does, which looks for a table of earlier answers first. */
function splitAtSlashes(text: string, from: number): string[] {
	const segments: string[] = [];
	let start = from;
	for (let at = text.indexOf("/", start); at >= 0; at = text.indexOf("/", start)) {
		segments.push(text.slice(start, at));
		start = at + 1;
	}
	segments.push(text.slice(start));
	return segments;
}
