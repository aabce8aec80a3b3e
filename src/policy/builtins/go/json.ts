import { wellFormed } from "../../term/byte-string.ts";
import { compareStrings, sortEntries, sortTerms } from "../../term/compare.ts";
import type { ObjectTerm, Term } from "../../term/term.ts";
import { isJsonNumber } from "../../term/to-json.ts";

const ESCAPED = /[<>&\u2028\u2029]/g;

/** An escape as `JSON.stringify` writes it, its digits for a lone surrogate. */
const SURROGATE_ESCAPE = /\\(?:u(d[89a-f][\da-f]{2})|.)/g;

/** What stands for itself between quotes. */
const PLAIN = /^[ !#-%'-;=?-[\]-~]*$/;

/** A string as Go's `json.Marshal` writes it: safe inside HTML, an escaped U+FFFD for what is no text. */
export function goJsonString(text: string): string {
	if (PLAIN.test(text)) return `"${text}"`;
	return JSON.stringify(text)
		.replace(SURROGATE_ESCAPE, (found, unit) => (unit === undefined ? found : "\\ufffd"))
		.replace(ESCAPED, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The JSON text of a term as OPA's `json.marshal` gives it; `undefined` where a number is no JSON. */
export function goJson(term: Term): string | undefined {
	if (term === null || typeof term === "boolean") return String(term);
	if (typeof term === "string") return goJsonString(term);
	switch (term.kind) {
		case "number":
			return isJsonNumber(term.text) ? term.text : undefined;
		case "array":
			return list(term.items);
		case "set":
			return list(sortTerms(term.items));
		case "object":
			return object(term);
	}
}

function list(items: readonly Term[]): string | undefined {
	const texts = items.map(goJson);
	return texts.includes(undefined) ? undefined : `[${texts.join(",")}]`;
}

/** A key that is no string is named by its own JSON text; of two of one name the later in OPA's order stays. */
function object(term: ObjectTerm): string | undefined {
	const members = new Map<string, string>();
	for (const [key, value] of sortEntries(term)) {
		const name = typeof key === "string" ? wellFormed(key) : goJson(key);
		const text = goJson(value);
		if (name === undefined || text === undefined) return undefined;
		members.set(name, `${goJsonString(name)}:${text}`);
	}
	const sorted = [...members].sort(([a], [b]) => compareStrings(a, b));
	return `{${sorted.map(([, text]) => text).join(",")}}`;
}
