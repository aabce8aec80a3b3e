import { isWellFormed } from "./byte-string.ts";
import { compareStrings, sortTerms } from "./compare.ts";
import type { Term } from "./term.ts";

const ESCAPED_SURROGATE = /\\(?:u(d[c-f][\da-f]{2})|.)/g;

/** Lone surrogates, which stand for single bytes, as they are: `JSON.stringify` writes escapes. */
function printString(text: string): string {
	const printed = JSON.stringify(text);
	if (isWellFormed(text)) return printed;
	return printed.replace(ESCAPED_SURROGATE, (found, unit: string | undefined) =>
		unit === undefined ? found : String.fromCharCode(Number.parseInt(unit, 16)),
	);
}

/** Rego text of a term, as `opa_value_parse` reads it once `bytesOf` made it bytes. */
export function printTerm(term: Term): string {
	if (term === null || typeof term === "boolean") return String(term);
	if (typeof term === "string") return printString(term);
	switch (term.kind) {
		case "number":
			return term.text;
		case "array":
			return `[${term.items.map(printTerm).join(",")}]`;
		case "set":
			return term.items.length === 0 ? "set()" : `{${term.items.map(printTerm).join(",")}}`;
		case "object":
			return `{${term.entries.map(([key, value]) => `${printTerm(key)}:${printTerm(value)}`).join(",")}}`;
	}
}

/**
 * JSON text of a term as OPA gives it: sets as arrays in OPA's order, a key that is no string as its own JSON text,
 * members sorted by name.
 */
function printJson(term: Term): string {
	if (term === null || typeof term === "boolean") return String(term);
	if (typeof term === "string") return JSON.stringify(term);
	switch (term.kind) {
		case "number":
			return term.text;
		case "array":
			return `[${term.items.map(printJson).join(",")}]`;
		case "set":
			return `[${sortTerms(term.items).map(printJson).join(",")}]`;
		case "object":
			return `{${term.entries
				.map(([key, value]) => [keyText(key), value] as const)
				.sort(([a], [b]) => compareStrings(a, b))
				.map(([name, value]) => `${JSON.stringify(name)}:${printJson(value)}`)
				.join(",")}}`;
	}
}

/** The member name that OPA gives a key: a string as it is, anything else as its JSON text. */
export function keyText(key: Term): string {
	return typeof key === "string" ? key : printJson(key);
}
