import type { JsonObject, JsonValue } from "../lib/json-value.ts";
import { Fault } from "./fault.ts";
import type { HeaderEntry } from "./types.ts";
import { isList, isObject, requireStrings, stringOrStrings } from "./values.ts";

/** Envoy answers 500 to what makes its header map overflow; we say which decision it was instead. */
export interface HeaderBudget {
	readonly headers: number;
	readonly bytes: number;
}

export const STRICT_BUDGET: HeaderBudget = { headers: 60, bytes: 32 * 1024 };
/** The peer has none. */
export const COMPAT_BUDGET: HeaderBudget = { headers: 256, bytes: 256 * 1024 };

export type HeaderPlace = "request" | "response";

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Belong to the connection or to the framing of the message (RFC 9110, section 7.6.1): a policy that sets them
 * smuggles requests or splits answers.
 */
const REFUSED: ReadonlySet<string> = new Set([
	"connection",
	"content-length",
	"host",
	"keep-alive",
	"proxy-connection",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
]);

/** What policies written for opa-envoy-plugin may set beside ordinary headers; Envoy's own mutation rules judge it. */
const COMPAT_REQUEST: ReadonlySet<string> = new Set([":authority", ":method", ":path", ":scheme", "host"]);

/**
 * Headers as a decision gives them: an object, or an array of objects, with a string or an array of strings per name.
 * Under the strict profile names come out in lower case and once, their values joined; `set-cookie` alone is repeated.
 * Under the compatibility profile entries stay as they are, and pseudo-headers of the request are let through.
 * @throws Fault
 */
export function readHeaderRules(
	value: JsonValue,
	key: string,
	place: HeaderPlace,
	compat: boolean,
): readonly HeaderEntry[] {
	const groups = isList(value) ? value : [value];
	const entries: HeaderEntry[] = [];
	for (const group of groups) {
		if (!isObject(group))
			throw new Fault("decision_type", `${key} is neither an object nor an array of objects`);
		readGroup(group, key, place, compat, entries);
	}
	return compat ? entries : joinRepeats(entries, place);
}

function readGroup(
	group: JsonObject,
	key: string,
	place: HeaderPlace,
	compat: boolean,
	out: HeaderEntry[],
): void {
	for (const given of Object.keys(group)) {
		const name = compat ? given : given.toLowerCase();
		checkName(name, key, place, compat);
		for (const value of stringOrStrings(group[given] as JsonValue, key)) {
			if (/[\0\r\n]/.test(value))
				throw new Fault("header_invalid", `${key}: a value of ${name} holds CR, LF or NUL`);
			out.push({ name, value });
		}
	}
}

function checkName(name: string, key: string, place: HeaderPlace, compat: boolean): void {
	const lower = name.toLowerCase();
	if (compat && place === "request" && COMPAT_REQUEST.has(lower)) return;
	if (!TOKEN.test(name))
		throw new Fault("header_invalid", `${key}: ${JSON.stringify(name)} is no header name`);
	if (REFUSED.has(lower)) throw new Fault("header_invalid", `${key}: ${lower} may not be set`);
}

/** RFC 9110, section 5.3; `cookie` has a separator of its own (RFC 6265), `set-cookie` none at all. */
function joinRepeats(entries: readonly HeaderEntry[], place: HeaderPlace): readonly HeaderEntry[] {
	if (isPlain(entries, place)) return entries;
	const joined = new Map<string, string>();
	const cookies: HeaderEntry[] = [];
	for (const entry of entries) {
		const { name, value } = entry;
		if (place === "response" && name === "set-cookie") {
			cookies.push(entry);
			continue;
		}
		const before = joined.get(name);
		joined.set(name, before === undefined ? value : `${before}${name === "cookie" ? "; " : ","}${value}`);
	}
	return [...Array.from(joined, ([name, value]) => ({ name, value })), ...cookies];
}

/** More are looked at by a map. */
const FEW = 8;

/** Few headers, each of them once: nothing is to be joined, and nothing to be moved. */
function isPlain(entries: readonly HeaderEntry[], place: HeaderPlace): boolean {
	if (entries.length > FEW) return false;
	for (let at = 0; at < entries.length; at++) {
		const { name } = entries[at] as HeaderEntry;
		if (place === "response" && name === "set-cookie") return false;
		for (let other = 0; other < at; other++) if (entries[other]?.name === name) return false;
	}
	return true;
}

/** Names of request headers to remove. @throws Fault */
export function readRemovals(value: JsonValue, key: string, compat: boolean): readonly string[] {
	const names = requireStrings(value, key);
	for (const name of names) {
		if (!TOKEN.test(name))
			throw new Fault("header_invalid", `${key}: ${JSON.stringify(name)} is no header name`);
	}
	if (names.length < 2) return compat ? names : names.map((name) => name.toLowerCase());
	return compat ? names : [...new Set(names.map((name) => name.toLowerCase()))];
}

/** Everything a decision changes about headers, against the budget. @throws Fault */
export function requireBudget(
	lists: readonly (readonly HeaderEntry[])[],
	removals: readonly string[],
	budget: HeaderBudget,
): void {
	let count = removals.length;
	let bytes = removals.reduce((sum, name) => sum + name.length, 0);
	for (const list of lists) {
		count += list.length;
		for (const { name, value } of list) bytes += name.length + Buffer.byteLength(value);
	}
	if (count > budget.headers)
		throw new Fault("header_invalid", `${count} header changes, at most ${budget.headers}`);
	if (bytes > budget.bytes)
		throw new Fault("header_invalid", `${bytes} bytes of headers, at most ${budget.bytes}`);
}
