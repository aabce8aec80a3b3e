import { compareNumbers } from "./compare-numbers.ts";
import type { ObjectTerm, Term } from "./term.ts";

const RANK = { number: 2, array: 4, object: 5, set: 6 } as const;

function rank(term: Term): number {
	if (term === null) return 0;
	if (typeof term === "boolean") return 1;
	if (typeof term === "string") return 3;
	return RANK[term.kind];
}

/** By code point, which is the order of the UTF-8 bytes and not that of JavaScript's `<`. */
export function compareStrings(a: string, b: string): number {
	const length = Math.min(a.length, b.length);
	for (let i = 0; i < length; i++) {
		const x = a.charCodeAt(i);
		const y = b.charCodeAt(i);
		if (x === y) continue;
		// A surrogate stands for a code point above every other unit.
		const xHigh = x >= 0xd800 && x <= 0xdfff;
		const yHigh = y >= 0xd800 && y <= 0xdfff;
		if (xHigh !== yHigh) return xHigh ? 1 : -1;
		return x < y ? -1 : 1;
	}
	return Math.sign(a.length - b.length);
}

function compareLists(a: readonly Term[], b: readonly Term[]): number {
	const length = Math.min(a.length, b.length);
	for (let i = 0; i < length; i++) {
		const order = compareTerms(a[i] as Term, b[i] as Term);
		if (order !== 0) return order;
	}
	return Math.sign(a.length - b.length);
}

/** The members in OPA's order. */
export function sortTerms(terms: readonly Term[]): readonly Term[] {
	return [...terms].sort(compareTerms);
}

/** The entries in OPA's order of their keys. */
export function sortEntries(object: ObjectTerm): readonly (readonly [Term, Term])[] {
	return [...object.entries].sort((a, b) => compareTerms(a[0], b[0]));
}

function compareObjects(a: ObjectTerm, b: ObjectTerm): number {
	const left = sortEntries(a);
	const right = sortEntries(b);
	const length = Math.min(left.length, right.length);
	for (let i = 0; i < length; i++) {
		const [leftKey, leftValue] = left[i] as readonly [Term, Term];
		const [rightKey, rightValue] = right[i] as readonly [Term, Term];
		const order = compareTerms(leftKey, rightKey) || compareTerms(leftValue, rightValue);
		if (order !== 0) return order;
	}
	return Math.sign(left.length - right.length);
}

/**
 * The order of OPA's `ast.Compare`: null < false < true < numbers < strings < arrays < objects < sets.
 * Negative, 0 or positive.
 */
export function compareTerms(a: Term, b: Term): number {
	if (a === b) return 0;
	const byRank = rank(a) - rank(b);
	if (byRank !== 0) return byRank;
	if (typeof a === "string" && typeof b === "string") return compareStrings(a, b);
	if (typeof a === "boolean") return a ? 1 : -1;
	if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return 0;
	if (a.kind === "number" && b.kind === "number") return compareNumbers(a.text, b.text);
	if (a.kind === "array" && b.kind === "array") return compareLists(a.items, b.items);
	if (a.kind === "object" && b.kind === "object") return compareObjects(a, b);
	if (a.kind === "set" && b.kind === "set") return compareLists(sortTerms(a.items), sortTerms(b.items));
	return 0;
}
