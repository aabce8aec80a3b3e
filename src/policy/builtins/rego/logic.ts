import { type Body, dottedName, type Expr, exprOf } from "./ast.ts";
import { attachWiths, readPlain } from "./expressions.ts";
import { at, deeper, mistake, type Parser, peek, restore, save, scan } from "./parser.ts";

/** One side of `and` or `or`, or what `not` is about. */
export interface Operand {
	readonly body: Body;
	/** It stands in braces. */
	readonly explicit: boolean;
}

export const isLogical = (p: Parser): boolean => p.state.keywords.has("and") || p.state.keywords.has("or");

/** `not`, and no path that starts so. */
export function isNegation(p: Parser): boolean {
	if (!at(p, "not")) return false;
	const next = peek(p, "spaces");
	return next !== "." && next !== "[";
}

const implicit = (expr: Expr): Operand => ({ body: [expr], explicit: false });

export const negationOf = ({ body, explicit }: Operand): Expr => exprOf({ type: "not", body, explicit });

/** `{a | b}` may be a comprehension as well; so nothing is read into it. */
export function isAmbiguous(p: Parser, body: Body): boolean {
	const [first] = body;
	if (first?.terms.type !== "terms") return false;
	const operator = first.terms.terms[0];
	const isUnion = operator?.type === "ref" && operator.operator === "|";
	return isUnion && (first.start === undefined || p.source[first.start] !== "(");
}

/** Functions that give nothing back, so that nothing can fail. */
const VOID: ReadonlySet<string> = new Set(["print", "internal.print", "internal.test_case"]);

const isVoid = (body: Body): boolean =>
	body.every(
		({ negated, terms }) =>
			negated !== true && terms.type === "terms" && VOID.has(dottedName(terms.terms[0])),
	);

function combine(p: Parser, type: "and" | "or", left: Operand, right: Operand): Operand {
	if (isVoid(left.body) || isVoid(right.body)) mistake(p);
	return implicit(
		exprOf({
			type,
			left: left.body,
			right: right.body,
			explicitLeft: left.explicit,
			explicitRight: right.explicit,
		}),
	);
}

/** `and`s one after another. */
function readAnds(p: Parser, first: Operand): Operand | undefined {
	return deeper(p, () => {
		let left = first;
		while (at(p, "and")) {
			scan(p);
			const right = readOperand(p, true);
			if (right === undefined) return undefined;
			left = combine(p, "and", left, right);
		}
		return left;
	});
}

/** What `and` and `or` make of an operand and those behind it. */
function readOrs(p: Parser, first: Operand): Operand | undefined {
	return deeper(p, () => {
		let left: Operand | undefined = at(p, "and") ? readAnds(p, first) : first;
		while (left !== undefined && at(p, "or")) {
			scan(p);
			const next = readOperand(p, true);
			const right: Operand | undefined = next !== undefined && at(p, "and") ? readAnds(p, next) : next;
			if (right === undefined) return undefined;
			left = combine(p, "or", left, right);
		}
		return left;
	});
}

/** The same with what may be replaced in all of it. */
export function readChain(p: Parser, first: Operand): Expr | undefined {
	return attachWiths(p, readOrs(p, first)?.body[0]);
}

/** An operand, and where an operator follows what they make. */
export function finishOperand(p: Parser, first: Operand): Expr | undefined {
	return at(p, "and", "or") ? readChain(p, first) : attachWiths(p, first.body[0]);
}

/** From the brace behind `not` on. */
export function readNotBody(p: Parser): Expr | undefined {
	scan(p);
	const body = p.grammar.body(p, "}");
	if (body === undefined) return undefined;
	scan(p);
	return isAmbiguous(p, body) ? mistake(p) : negationOf({ body, explicit: true });
}

/** An operand in braces. */
function readExplicit(p: Parser, certain: boolean): Operand | undefined {
	scan(p);
	const body = p.grammar.body(p, "}");
	if (body === undefined) return certain ? mistake(p) : undefined;
	scan(p);
	if (isAmbiguous(p, body)) mistake(p);
	return { body, explicit: true };
}

/** One operand. `certain`: what is none is a mistake, for nothing else can stand there. */
function readOperand(p: Parser, certain: boolean): Operand | undefined {
	if (at(p, "{")) return readExplicit(p, certain);
	const negated = isNegation(p);
	if (negated) scan(p);
	if (negated && p.notBodies && at(p, "{")) {
		const expr = readNotBody(p);
		return expr === undefined ? undefined : implicit(expr);
	}
	if (at(p, "(") && isLogical(p) && (!negated || p.notBodies)) {
		const group = readGroup(p, true);
		if (group !== "none") return group !== undefined && negated ? implicit(negationOf(group)) : group;
	}
	const { start } = p.state;
	const plain = readPlain(p);
	if (plain === undefined) return undefined;
	const expr = { ...plain, start };
	if (!negated) return implicit(expr);
	return implicit(p.notBodies ? negationOf(implicit(expr)) : { ...expr, negated: true });
}

/** Closes a group. */
function closed(p: Parser, group: Operand | undefined): Operand | undefined {
	if (group === undefined) return undefined;
	if (!at(p, ")")) return mistake(p);
	scan(p);
	return group;
}

const isChain = ({ body }: Operand): boolean => {
	const [only, ...others] = body;
	return others.length === 0 && (only?.terms.type === "and" || only?.terms.type === "or");
};

const isNegated = ({ body }: Operand): boolean => {
	const [only, ...others] = body;
	return others.length === 0 && (only?.negated === true || only?.terms.type === "not");
};

/** `x with …` in brackets: a group where an operand must be one, else perhaps a term. */
function finishWithGroup(p: Parser, only: Expr, asOperand: boolean): Operand | undefined | "none" {
	const expr = attachWiths(p, only);
	if (expr === undefined) return undefined;
	if (at(p, "and", "or")) return mistake(p);
	const group = closed(p, implicit(expr));
	return group === undefined || asOperand || at(p, "and", "or") ? group : "none";
}

/**
 * Operands in brackets. `none`: it is no group but a term, and the parser stands before it again. `asOperand`: an
 * operand of `and`, `or` or `not` stands here.
 */
export function readGroup(p: Parser, asOperand: boolean): Operand | undefined | "none" {
	return deeper(p, (): Operand | undefined | "none" => {
		const state = save(p);
		const none = (): "none" => {
			restore(p, state);
			return "none";
		};
		scan(p);
		if (at(p, ")")) return asOperand ? mistake(p) : none();
		const first = readOperand(p, false);
		if (first === undefined) return none();
		if (at(p, "and", "or")) {
			const expr = readChain(p, first);
			return closed(p, expr === undefined ? undefined : implicit(expr));
		}
		const [only, ...others] = first.body;
		if (at(p, "with") && !first.explicit && only !== undefined && others.length === 0) {
			const group = finishWithGroup(p, only, asOperand);
			return group === "none" ? none() : group;
		}
		if (first.explicit) {
			// Braces in brackets are a value, or a mistake.
			none();
			const probe = save(p);
			scan(p);
			const term = p.grammar.term(p);
			restore(p, probe);
			return term === undefined ? mistake(p) : "none";
		}
		return isChain(first) || isNegated(first) ? closed(p, first) : none();
	});
}
