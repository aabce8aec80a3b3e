import { compareStrings } from "../../term/compare.ts";
import { compareNumbers } from "../../term/compare-numbers.ts";
import type { AstTerm, Body, Expr, ExprTerms, With } from "./ast.ts";

/** OPA's order of terms that are not worked out, in which the JSON of a module has sets and objects. */

const ORDER: readonly AstTerm["type"][] = [
	"null",
	"boolean",
	"number",
	"string",
	"templatestring",
	"var",
	"ref",
	"array",
	"object",
	"set",
	"arraycomprehension",
	"objectcomprehension",
	"setcomprehension",
	"call",
];

/** Where it matters first; a call's terms are one kind, any single term another. */
const EXPRESSIONS: readonly string[] = ["some", "term", "terms", "every", "not", "and", "or"];

function compareLists<T>(a: readonly T[], b: readonly T[], compare: (a: T, b: T) => number): number {
	for (let i = 0; i < Math.min(a.length, b.length); i++) {
		const order = compare(a[i] as T, b[i] as T);
		if (order !== 0) return order;
	}
	return a.length - b.length;
}

/** The first that is not zero. */
const firstOf = (...orders: readonly (() => number)[]): number => {
	for (const order of orders) {
		const found = order();
		if (found !== 0) return found;
	}
	return 0;
};

const wholeNumber = (text: string): string => text.replace(/^(-?)\./, "$10.");

type Pair = readonly [AstTerm, AstTerm];

export const sortTerms = (terms: readonly AstTerm[]): readonly AstTerm[] => [...terms].sort(compareTerms);
export const sortPairs = (pairs: readonly Pair[]): readonly Pair[] =>
	[...pairs].sort((a, b) => compareTerms(a[0], b[0]));

const comparePairs = (a: Pair, b: Pair): number =>
	firstOf(
		() => compareTerms(a[0], b[0]),
		() => compareTerms(a[1], b[1]),
	);

type OfType<T extends AstTerm["type"]> = Extract<AstTerm, { readonly type: T }>;

function compareTemplates(a: OfType<"templatestring">, b: OfType<"templatestring">): number {
	return firstOf(
		() => Number(a.multiLine) - Number(b.multiLine),
		() => a.parts.length - b.parts.length,
		() => compareLists(a.parts, b.parts, compareParts),
	);
}

/** Terms before expressions. */
function compareParts(a: AstTerm | Expr, b: AstTerm | Expr): number {
	if ("kind" in a) return "kind" in b ? compareExprs(a, b, 0, 0) : 1;
	return "kind" in b ? -1 : compareTerms(a, b);
}

function compareComprehensions(
	a: OfType<"arraycomprehension" | "setcomprehension">,
	b: OfType<"arraycomprehension" | "setcomprehension">,
): number {
	return firstOf(
		() => compareTerms(a.term, b.term),
		() => compareBodies(a.body, b.body),
	);
}

function compareSame(a: AstTerm, b: AstTerm): number {
	if (a.type === "boolean" && b.type === "boolean") return Number(a.value) - Number(b.value);
	if (a.type === "number" && b.type === "number")
		return compareNumbers(wholeNumber(a.text), wholeNumber(b.text));
	if (a.type === "string" && b.type === "string") return compareStrings(a.value, b.value);
	if (a.type === "var" && b.type === "var") return compareStrings(a.name, b.name);
	if ((a.type === "ref" && b.type === "ref") || (a.type === "call" && b.type === "call"))
		return compareLists(a.terms, b.terms, compareTerms);
	if (a.type === "array" && b.type === "array") return compareLists(a.items, b.items, compareTerms);
	if (a.type === "set" && b.type === "set")
		return compareLists(sortTerms(a.items), sortTerms(b.items), compareTerms);
	if (a.type === "object" && b.type === "object")
		return compareLists(sortPairs(a.pairs), sortPairs(b.pairs), comparePairs);
	if (a.type === "templatestring" && b.type === "templatestring") return compareTemplates(a, b);
	if (a.type === "objectcomprehension" && b.type === "objectcomprehension")
		return firstOf(
			() => comparePairs([a.key, a.value], [b.key, b.value]),
			() => compareBodies(a.body, b.body),
		);
	if (a.type === "arraycomprehension" && b.type === "arraycomprehension") return compareComprehensions(a, b);
	if (a.type === "setcomprehension" && b.type === "setcomprehension") return compareComprehensions(a, b);
	return 0;
}

export function compareTerms(a: AstTerm, b: AstTerm): number {
	return firstOf(
		() => ORDER.indexOf(a.type) - ORDER.indexOf(b.type),
		() => compareSame(a, b),
	);
}

function compareBodies(a: Body, b: Body): number {
	const indexed = (body: Body) => body.map((expr, index) => ({ expr, index }));
	return compareLists(indexed(a), indexed(b), (x, y) => compareExprs(x.expr, y.expr, x.index, y.index));
}

const sortOf = ({ type }: ExprTerms): number => {
	const place = EXPRESSIONS.indexOf(type);
	return place < 0 ? EXPRESSIONS.indexOf("term") : place;
};

function compareExprs(a: Expr, b: Expr, indexA: number, indexB: number): number {
	return firstOf(
		() => sortOf(a.terms) - sortOf(b.terms),
		() => indexA - indexB,
		() => Number(a.negated ?? false) - Number(b.negated ?? false),
		() => compareExprTerms(a.terms, b.terms),
		() => compareLists(a.with ?? [], b.with ?? [], compareWiths),
	);
}

const compareWiths = (a: With, b: With): number => comparePairs([a.target, a.value], [b.target, b.value]);

/** What is absent comes first. */
function compareOptional(a: AstTerm | undefined, b: AstTerm | undefined): number {
	if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
	return compareTerms(a, b);
}

function compareExprTerms(a: ExprTerms, b: ExprTerms): number {
	if (a.type === "terms" && b.type === "terms") return compareLists(a.terms, b.terms, compareTerms);
	if (a.type === "some" && b.type === "some") return compareLists(a.symbols, b.symbols, compareTerms);
	if (a.type === "every" && b.type === "every")
		return firstOf(
			() => compareOptional(a.key, b.key),
			() => comparePairs([a.value, a.domain], [b.value, b.domain]),
			() => compareBodies(a.body, b.body),
		);
	if (a.type === "not" && b.type === "not") return compareBodies(a.body, b.body);
	if ((a.type === "and" && b.type === "and") || (a.type === "or" && b.type === "or"))
		return firstOf(
			() => compareBodies(a.left, b.left),
			() => compareBodies(a.right, b.right),
		);
	return isTerm(a) && isTerm(b) ? compareTerms(a, b) : 0;
}

const isTerm = (terms: ExprTerms): terms is AstTerm => (ORDER as readonly string[]).includes(terms.type);
