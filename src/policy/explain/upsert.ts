import { compareTerms } from "../term/compare.ts";
import { isObject, objectTerm, type Term } from "../term/term.ts";

/** The document with another value at a path of names; what is no object on the way becomes one. */
export function upsert(document: Term | undefined, path: readonly string[], value: Term): Term {
	const [name, ...rest] = path;
	if (name === undefined) return value;
	const entries = isObject(document) ? document.entries : [];
	const old = entries.find(([key]) => compareTerms(key, name) === 0)?.[1];
	return objectTerm([
		...entries.filter(([key]) => compareTerms(key, name) !== 0),
		[name, upsert(old, rest, value)],
	]);
}
