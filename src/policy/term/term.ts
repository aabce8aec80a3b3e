/**
 * A Rego value as OPA sees it: sets differ from arrays, object keys may be anything, numbers keep their text.
 * `null`, booleans and strings stand for themselves.
 */
export type Term = null | boolean | string | NumberTerm | ArrayTerm | SetTerm | ObjectTerm;

interface NumberTerm {
	readonly kind: "number";
	/** A JSON number literal of any size and precision. */
	readonly text: string;
}

interface ArrayTerm {
	readonly kind: "array";
	readonly items: readonly Term[];
}

interface SetTerm {
	readonly kind: "set";
	/** In any order, without repeats. */
	readonly items: readonly Term[];
}

export interface ObjectTerm {
	readonly kind: "object";
	/** In any order, each key once. */
	readonly entries: readonly (readonly [Term, Term])[];
}

export const numberTerm = (value: number | bigint | string): NumberTerm => ({
	kind: "number",
	text: String(value),
});

export const arrayTerm = (items: readonly Term[]): ArrayTerm => ({ kind: "array", items });

export const setTerm = (items: readonly Term[]): SetTerm => ({ kind: "set", items });

export const objectTerm = (entries: readonly (readonly [Term, Term])[]): ObjectTerm => ({
	kind: "object",
	entries,
});

export function isNumber(term: Term | undefined): term is NumberTerm {
	return typeof term === "object" && term !== null && term.kind === "number";
}

export function isArray(term: Term | undefined): term is ArrayTerm {
	return typeof term === "object" && term !== null && term.kind === "array";
}

export function isSet(term: Term | undefined): term is SetTerm {
	return typeof term === "object" && term !== null && term.kind === "set";
}

export function isObject(term: Term | undefined): term is ObjectTerm {
	return typeof term === "object" && term !== null && term.kind === "object";
}
