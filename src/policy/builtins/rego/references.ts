import { type AstTerm, stringTerm, variable } from "./ast.ts";
import { at, deeper, isRefKeyword, mistake, nextWildcard, type Parser, scan, scanSpace } from "./parser.ts";
import type { TokenKind } from "./tokens.ts";

/** Documents: by themselves they are paths of one step. */
export const ROOTS: ReadonlySet<string> = new Set(["data", "input"]);

/** The name at hand; `_` is a new one each time. */
export function readVariable(p: Parser): AstTerm {
	const { text } = p.state;
	return variable(text === "_" ? nextWildcard(p) : text);
}

export const plain = (term: AstTerm): AstTerm =>
	term.type === "var" && ROOTS.has(term.name) ? { type: "ref", terms: [term] } : term;

/** Items up to a token, which stays. */
export function readItems(
	p: Parser,
	end: TokenKind,
	first: readonly AstTerm[],
): readonly AstTerm[] | undefined {
	const items = [...first];
	if (at(p, end)) return items;
	for (;;) {
		const item = p.grammar.item(p);
		if (item === undefined) return undefined;
		items.push(item);
		if (at(p, end)) return items;
		if (!at(p, ",")) return mistake(p);
		scan(p);
		if (at(p, end)) return items;
	}
}

const isSetFunction = (term: AstTerm): boolean =>
	term.type === "ref" &&
	term.terms.length === 1 &&
	term.terms[0]?.type === "var" &&
	term.terms[0].name === "set";

/** What stands in the brackets of a call; `set()` is the empty set. */
function readCall(p: Parser, operator: AstTerm): AstTerm | undefined {
	return deeper(p, (): AstTerm | undefined => {
		scan(p);
		if (at(p, ")")) {
			scanSpace(p);
			return isSetFunction(operator) ? { type: "set", items: [] } : { type: "call", terms: [operator] };
		}
		const terms = readItems(p, ")", [operator]);
		if (terms === undefined) return undefined;
		scanSpace(p);
		return { type: "call", terms };
	});
}

const HEADS: ReadonlySet<AstTerm["type"]> = new Set<AstTerm["type"]>([
	"var",
	"array",
	"object",
	"set",
	"arraycomprehension",
	"objectcomprehension",
	"setcomprehension",
	"call",
]);

/** The name after a point. */
function readStep(p: Parser): AstTerm | undefined {
	scanSpace(p);
	if (!at(p, "name") && !isRefKeyword(p)) return mistake(p);
	const step = stringTerm(p.state.text);
	scanSpace(p);
	return step;
}

/** What stands in square brackets. */
function readIndex(p: Parser): AstTerm | undefined {
	scan(p);
	const index = p.grammar.operation(p);
	if (index === undefined) return undefined;
	if (!at(p, "]")) return mistake(p);
	scanSpace(p);
	return index;
}

/** A call, and the path into what it gives. */
function finishCall(p: Parser, terms: readonly AstTerm[]): AstTerm | undefined {
	const call = readCall(p, { type: "ref", terms });
	if (call === undefined) return undefined;
	if (at(p, "space")) {
		scan(p);
		return call;
	}
	return at(p, ".", "[") ? readPath(p, call) : call;
}

/** The steps of a path, from the first point or bracket on; ends behind white space. */
export function readPath(p: Parser, head: AstTerm): AstTerm | undefined {
	return deeper(p, (): AstTerm | undefined => {
		if (!HEADS.has(head.type)) mistake(p);
		const terms = [head];
		for (;;) {
			if (at(p, "(")) return finishCall(p, terms);
			if (!at(p, ".", "[")) {
				if (at(p, "space")) scan(p);
				return { type: "ref", terms };
			}
			const step = at(p, ".") ? readStep(p) : readIndex(p);
			if (step === undefined) return undefined;
			terms.push(step);
		}
	});
}

/** What follows a term without white space is part of it. */
export function finishTerm(p: Parser, head: AstTerm): AstTerm | undefined {
	scanSpace(p);
	if (at(p, "(", ".", "[")) return readPath(p, head);
	if (at(p, "space")) scan(p);
	return plain(head);
}
