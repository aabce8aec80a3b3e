import type { Buffer } from "node:buffer";
import { isUtf8 } from "node:buffer";
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
	const segments = text.slice(first).split("/");
	if (stop + 1 >= end) return { ok: true, segments, query: NO_FIELDS };
	const query = parseQuery(bytes, stop + 1, end);
	return query.ok ? { ok: true, segments, query: query.fields } : query;
}

/** Bytes that mean something else to some reader, raw or decoded: `\`, `;`, `#`, `?`, `%`, `/`, space, controls. */
function isTelling(byte: number): boolean {
	return (
		byte <= 0x20 ||
		byte === 0x7f ||
		byte === 0x5c ||
		byte === 0x3b ||
		byte === 0x23 ||
		byte === QUESTION ||
		byte === PERCENT ||
		byte === SLASH
	);
}

/**
 * Why policy, contract and upstream could read this path differently; undefined when they cannot. Refused are encoded
 * separators (`%2f %5c %25 %3f %23 %3b`), controls, dot segments in any spelling, `;` parameters, empty segments, bytes
 * outside ASCII and invalid UTF-8 (threat model: several paths in one request). `%61` for `a` is no ambiguity.
 * The query is left alone: nobody normalises it.
 */
export function pathAmbiguity(bytes: Buffer, start: number, end: number): string | undefined {
	let stop = start;
	let escaped = false;
	let dots = false;
	let previous = 0;
	for (; stop < end; stop++) {
		const byte = bytes[stop] as number;
		if (byte === QUESTION) break;
		if (byte >= 0x80) return "a byte outside ASCII";
		if (byte === SLASH) {
			if (previous === SLASH) return "an empty segment";
		} else if (byte === PERCENT) escaped = true;
		else if (isTelling(byte)) return "a character with more than one meaning";
		else if (byte === 0x2e && previous === SLASH) dots = true;
		previous = byte;
	}
	if (stop === start) return "an empty path";
	if (bytes[start] !== SLASH) {
		return stop === start + 1 && bytes[start] === 0x2a && stop === end ? undefined : "no leading slash";
	}
	if (dots && hasDotSegment(bytes.toString("latin1", start, stop))) return "a dot segment";
	return escaped ? escapeAmbiguity(bytes, start, stop) : undefined;
}

function hasDotSegment(path: string): boolean {
	return path.split("/").some((segment) => segment === "." || segment === "..");
}

function escapeAmbiguity(bytes: Buffer, start: number, stop: number): string | undefined {
	const decoded = unescapeBytes(bytes, start, stop, false);
	if (decoded === undefined) return "an invalid escape";
	let at = start;
	for (let index = 0; index < decoded.length; index++) {
		const wasEscaped = bytes[at] === PERCENT;
		at += wasEscaped ? 3 : 1;
		if (wasEscaped && isTelling(decoded[index] as number) && decoded[index] !== 0x20)
			return "an encoded separator";
	}
	if (!isUtf8(decoded)) return "an escape that is not UTF-8";
	const text = decoded.toString("utf8");
	if (hasDotSegment(text)) return "a dot segment";
	// Full-width and other compatibility forms of `.`, `/` and `\` become the plain ones in readers that fold them.
	const folded = text.normalize("NFKC");
	if (folded !== text && (folded.includes("\\") || folded.split("/").length !== text.split("/").length))
		return "a character with more than one meaning";
	return folded !== text && hasDotSegment(folded) ? "a dot segment" : undefined;
}
