import type { JsonValue } from "../lib/json-value.ts";
import { Fault } from "./fault.ts";
import { requireObject, requireStrings, stringOrStrings } from "./values.ts";

export interface QueryEntry {
	readonly key: string;
	readonly value: string;
}

/**
 * Query parameters to set. Envoy inserts names and values as they come, so they are URL-encoded here: a space or CR
 * would break the request line. The compatibility profile sends what the policy wrote, for policies written for the
 * peer encode by themselves; control characters alone are encoded there.
 * @throws Fault
 */
export function readQuerySet(value: JsonValue, key: string, compat: boolean): readonly QueryEntry[] {
	const entries: QueryEntry[] = [];
	const given = requireObject(value, key);
	for (const name of Object.keys(given)) {
		if (!compat && name === "") throw new Fault("decision_value", `${key}: an empty name`);
		for (const text of stringOrStrings(given[name] as JsonValue, key)) {
			entries.push(
				compat ? { key: plain(name), value: plain(text) } : { key: encode(name), value: encode(text) },
			);
		}
	}
	return entries;
}

/** Query parameters to remove, by their name as it stands in the request. @throws Fault */
export function readQueryRemove(value: JsonValue, key: string): readonly string[] {
	return requireStrings(value, key);
}

function encode(text: string): string {
	// Through bytes, because lone surrogates cannot be encoded.
	return encodeURIComponent(Buffer.from(text).toString());
}

function plain(text: string): string {
	return text.replaceAll(CONTROL, (character) => encodeURIComponent(character));
}

const CONTROL = /[^ -~\u0080-\uffff]/g;
