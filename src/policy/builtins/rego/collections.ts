import type { AstTerm, Body } from "./ast.ts";
import { compareTerms, sortTerms } from "./compare.ts";
import { at, deeper, mistake, type Parser, restore, type State, save, scan } from "./parser.ts";
import { readItems } from "./references.ts";

type Pair = readonly [AstTerm, AstTerm];

/** In OPA's order; of what is the same the first stays. */
function setOf(items: readonly AstTerm[]): AstTerm {
	const sorted = sortTerms(items);
	const kept = sorted.filter((item, i) => {
		const before = sorted[i - 1];
		return before === undefined || compareTerms(before, item) !== 0;
	});
	return { type: "set", items: kept };
}

/** A comma before the first item is passed over; no comprehension starts so. */
function skipComma(p: Parser): boolean {
	if (!at(p, ",")) return false;
	scan(p);
	return true;
}

/** `undefined`: none, and what else could it be. */
type Reading = { readonly term: AstTerm | undefined } | undefined;

/** After `|`: the body of a comprehension. Where it is none, but a comma stands there, it may be a list all the same. */
function readComprehension(p: Parser, end: "]" | "}", of: (body: Body) => AstTerm): Reading {
	scan(p);
	const body = p.grammar.body(p, end);
	if (body !== undefined) return { term: of(body) };
	return at(p, ",") ? undefined : { term: undefined };
}

/** From `[` on; ends at `]`. */
export function readArray(p: Parser): AstTerm | undefined {
	return deeper(p, (): AstTerm | undefined => {
		scan(p);
		if (at(p, "]")) return { type: "array", items: [] };
		const isList = skipComma(p);
		const state = save(p);
		// Not with operators: `[a | b]` is a comprehension.
		const term = p.grammar.term(p);
		if (term === undefined) return undefined;
		if (at(p, "]")) return { type: "array", items: [term] };
		if (at(p, ",")) {
			scan(p);
			const items = readItems(p, "]", [term]);
			return items === undefined ? undefined : { type: "array", items };
		}
		if (at(p, "|") && !isList) {
			const found = readComprehension(p, "]", (body) => ({ type: "arraycomprehension", term, body }));
			if (found !== undefined) return found.term;
		}
		restore(p, state);
		const items = readItems(p, "]", []);
		return items === undefined ? undefined : { type: "array", items };
	});
}

/** A set, or a comprehension of one, whose first item was read from `state` on. */
function readSet(p: Parser, state: State, term: AstTerm, isList: boolean): AstTerm | undefined {
	return deeper(p, (): AstTerm | undefined => {
		if (at(p, "}")) return setOf([term]);
		if (at(p, ",")) {
			scan(p);
			const items = readItems(p, "}", [term]);
			return items === undefined ? undefined : setOf(items);
		}
		if (!at(p, "|")) return undefined;
		if (!isList) {
			const found = readComprehension(p, "}", (body) => ({ type: "setcomprehension", term, body }));
			if (found !== undefined) return found.term;
		}
		restore(p, state);
		const items = readItems(p, "}", []);
		return items === undefined ? undefined : setOf(items);
	});
}

function readPairs(p: Parser, first: Pair): readonly Pair[] | undefined {
	const pairs = [first];
	while (!at(p, "}")) {
		const key = p.grammar.item(p);
		if (key === undefined) return undefined;
		if (!at(p, ":")) return mistake(p);
		scan(p);
		const value = p.grammar.item(p);
		if (value === undefined) return undefined;
		pairs.push([key, value]);
		if (at(p, "}")) return pairs;
		if (!at(p, ",")) return mistake(p);
		scan(p);
	}
	return pairs;
}

/** What follows the first pair. */
function finishObject(p: Parser, key: AstTerm, value: AstTerm, isList: boolean): AstTerm | undefined {
	return deeper(p, (): AstTerm | undefined => {
		if (at(p, "}")) return { type: "object", pairs: [[key, value]] };
		if (at(p, "|")) {
			if (isList) return mistake(p);
			scan(p);
			const body = p.grammar.body(p, "}");
			return body === undefined ? undefined : { type: "objectcomprehension", key, value, body };
		}
		if (!at(p, ",")) return undefined;
		scan(p);
		const pairs = readPairs(p, [key, value]);
		return pairs === undefined ? undefined : { type: "object", pairs };
	});
}

/** From the colon after the first key on. */
function readObject(p: Parser, key: AstTerm, isList: boolean): AstTerm | undefined {
	return deeper(p, (): AstTerm | undefined => {
		scan(p);
		const state = save(p);
		const term = p.grammar.term(p);
		if (term === undefined) return undefined;
		if (!isList && at(p, "}", ",", "|")) {
			const isComprehension = at(p, "|");
			const found = finishObject(p, key, term, false);
			if (found !== undefined || !isComprehension) return found;
		}
		restore(p, state);
		const value = p.grammar.item(p);
		if (value === undefined) return undefined;
		return at(p, "}", ",") ? finishObject(p, key, value, true) : mistake(p);
	});
}

/** From `{` on; ends at `}`. */
export function readBraces(p: Parser): AstTerm | undefined {
	return deeper(p, (): AstTerm | undefined => {
		scan(p);
		if (at(p, "}")) return { type: "object", pairs: [] };
		const isList = skipComma(p);
		const state = save(p);
		const term = p.grammar.term(p);
		if (term === undefined) return undefined;
		if (at(p, "}", ",") || (at(p, "|") && !isList)) return readSet(p, state, term, isList);
		if (at(p, ":")) return readObject(p, term, isList);
		restore(p, state);
		const item = p.grammar.item(p);
		if (item === undefined) return undefined;
		if (at(p, "}", ",")) return readSet(p, state, item, true);
		return at(p, ":") ? readObject(p, item, isList) : mistake(p);
	});
}
