import type { JsonValue } from "../../lib/json-value.ts";
import { isWellFormed } from "./byte-string.ts";
import { sortEntries, sortTerms } from "./compare.ts";
import { keyText } from "./print.ts";
import { TermSyntaxError } from "./reader.ts";
import type { Term } from "./term.ts";

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Not so are `.5` and `007`, which a policy can make of a text and calculate with. */
export const isJsonNumber = (literal: string): boolean => JSON_NUMBER.test(literal);

/**
 * A double for a number literal.
 * @throws {TermSyntaxError} when no finite double is near, for such a number would change its meaning; and when JSON
 * has no such number, as OPA fails then.
 */
export function toDouble(literal: string): number {
	const value = Number(literal);
	if (!isJsonNumber(literal)) throw new TermSyntaxError("a number that is no JSON");
	if (!Number.isFinite(value)) throw new TermSyntaxError("a number no double can hold");
	return value;
}

/**
 * A string of a result. OPA's strings hold any bytes, an answer's fields only text: what the peer cannot encode must not
 * turn into something else on the way, and so into an answer that nobody meant.
 * @throws {TermSyntaxError} for bytes that are no UTF-8.
 */
export function requireText(text: string): string {
	if (!isWellFormed(text)) throw new TermSyntaxError("a string that is no UTF-8");
	return text;
}

/**
 * The JSON value of a term: sets become arrays in OPA's order, keys that are no strings their JSON text,
 * objects have no prototype.
 * @throws {TermSyntaxError} when two keys of one object get the same name, a number fits no double, or a string is no text.
 */
export function toJsonValue(term: Term): JsonValue {
	if (term === null || typeof term === "boolean") return term;
	if (typeof term === "string") return requireText(term);
	switch (term.kind) {
		case "number":
			return toDouble(term.text);
		case "array":
			return term.items.map(toJsonValue);
		case "set":
			return sortTerms(term.items).map(toJsonValue);
		case "object": {
			const object: Record<string, JsonValue> = Object.create(null);
			for (const [key, value] of sortEntries(term)) {
				const name = requireText(keyText(key));
				if (object[name] !== undefined) throw new TermSyntaxError("two keys of one name");
				object[name] = toJsonValue(value);
			}
			return object;
		}
	}
}
