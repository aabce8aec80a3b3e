import { type AstRef, type AstTerm, stringTerm, variable } from "./ast.ts";
import { at, deeper, nameBeforePath, type Parser, restore, save, scan } from "./parser.ts";
import { type TokenKind, wordOf } from "./tokens.ts";

/** Operators that bind alike, the loosest first. */
const LEVELS: readonly (readonly TokenKind[])[] = [
	["==", "!=", "<", ">", "<=", ">="],
	["|"],
	["&"],
	["+", "-"],
	["*", "/", "%"],
];

/** One of some operators, as the name of its function. */
export function takeOperator(p: Parser, operators: readonly TokenKind[]): AstRef | undefined {
	if (!at(p, ...operators)) return undefined;
	const { kind } = p.state;
	scan(p);
	return { type: "ref", terms: [variable(wordOf(kind))], operator: kind };
}

/** Terms with operators of a level and of tighter ones between them; `left` was read already. */
function chain(p: Parser, level: number, left?: AstTerm): AstTerm | undefined {
	const operators = LEVELS[level];
	if (operators === undefined) return p.grammar.term(p);
	return deeper(p, () => {
		const first = left ?? chain(p, level + 1);
		if (first === undefined) return undefined;
		const operator = takeOperator(p, operators);
		if (operator === undefined) return first;
		const second = chain(p, level + 1);
		if (second === undefined) return first;
		const call: AstTerm = { type: "call", terms: [operator, first, second] };
		return at(p, ...operators) ? chain(p, level, call) : call;
	});
}

function memberFunction(name: "member_2" | "member_3"): AstRef {
	return { type: "ref", terms: [variable("internal"), stringTerm(name)], operator: "in" };
}

/** After `in`: what is looked through, and further such questions about the answer. */
function member(p: Parser, withKey: boolean, ...asked: readonly AstTerm[]): AstTerm | undefined {
	if (!at(p, "in")) return undefined;
	scan(p);
	const domain = chain(p, 0);
	if (domain === undefined) return undefined;
	const name = asked.length === 2 ? "member_3" : "member_2";
	const call: AstTerm = { type: "call", terms: [memberFunction(name), ...asked, domain] };
	return at(p, "in") ? membership(p, withKey, call) : call;
}

/** `x in xs`, and where a comma does not end it `k, v in xs`. */
function membership(p: Parser, withKey: boolean, left?: AstTerm): AstTerm | undefined {
	return deeper(p, () => {
		const first = left ?? chain(p, 0);
		if (first === undefined) return undefined;
		if (withKey && at(p, ",")) {
			const state = save(p);
			scan(p);
			const second = chain(p, 0);
			const call = second === undefined ? undefined : member(p, withKey, first, second);
			if (call !== undefined) return call;
			restore(p, state);
		}
		nameBeforePath(p);
		return member(p, withKey, first) ?? first;
	});
}

export const readOperation = (p: Parser): AstTerm | undefined => deeper(p, () => membership(p, true));

export const readItem = (p: Parser): AstTerm | undefined => deeper(p, () => membership(p, false));
