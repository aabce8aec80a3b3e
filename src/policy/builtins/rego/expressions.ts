import { type AstTerm, dottedName, type Expr, exprOf, type With } from "./ast.ts";
import { takeOperator } from "./infix.ts";
import { at, mistake, type Parser, restore, save, scan } from "./parser.ts";
import { readVariable } from "./references.ts";

/** Terms, a call, or two with `=` or `:=` between them. */
export function readPlain(p: Parser): Expr | undefined {
	const left = p.grammar.operation(p);
	if (left === undefined) return undefined;
	const operator = takeOperator(p, [":=", "="]);
	if (operator !== undefined) {
		const right = p.grammar.operation(p);
		return right === undefined ? undefined : exprOf({ type: "terms", terms: [operator, left, right] });
	}
	return exprOf(left.type === "call" ? { type: "terms", terms: left.terms } : left);
}

function readWith(p: Parser): With | undefined {
	scan(p);
	if (!at(p, "name")) return mistake(p);
	const target = p.grammar.term(p);
	if (target === undefined) return undefined;
	if (target.type !== "ref" && target.type !== "var") mistake(p);
	if (!at(p, "as")) return mistake(p);
	scan(p);
	const value = p.grammar.operation(p);
	return value === undefined ? undefined : { target, value };
}

/** One `with … as …` after another, from the first word on. */
export function readWiths(p: Parser): readonly With[] | undefined {
	const withs: With[] = [];
	while (at(p, "with")) {
		const one = readWith(p);
		if (one === undefined) return undefined;
		withs.push(one);
	}
	return withs;
}

/** An expression with what stands behind it to replace; instead of what it had. */
export function attachWiths(p: Parser, expr: Expr | undefined): Expr | undefined {
	if (expr === undefined || !at(p, "with")) return expr;
	const withs = readWiths(p);
	return withs === undefined ? undefined : { ...expr, with: withs };
}

/** What `x in xs` and `k, v in xs` became. */
const MEMBERS: ReadonlyMap<string, number> = new Map([
	["internal.member_2", 3],
	["internal.member_3", 4],
]);

/** The terms of a membership; `undefined` for any other call. */
function memberOf(call: AstTerm): readonly AstTerm[] | undefined {
	if (call.type !== "call") return undefined;
	return MEMBERS.get(dottedName(call.terms[0])) === call.terms.length ? call.terms.slice(1) : undefined;
}

/** From `some` on: `x in xs`, or variables. */
export function readSome(p: Parser): Expr | undefined {
	const state = save(p);
	scan(p);
	const term = p.grammar.operation(p);
	if (term?.type === "call") {
		if (memberOf(term) === undefined) return mistake(p);
		return attachWiths(p, exprOf({ type: "some", symbols: [term] }));
	}
	restore(p, state);
	const symbols: AstTerm[] = [];
	do {
		scan(p);
		if (!at(p, "name")) return mistake(p);
		symbols.push(readVariable(p));
		scan(p);
	} while (at(p, ","));
	return exprOf({ type: "some", symbols });
}

/** From `every` on. */
export function readEvery(p: Parser): Expr | undefined {
	scan(p);
	const term = p.grammar.operation(p);
	if (term === undefined) return undefined;
	const parts = memberOf(term);
	if (parts === undefined) return mistake(p);
	const [domain, value, key] = [...parts].reverse();
	if (domain === undefined || value?.type !== "var") return mistake(p);
	if ((key !== undefined && key.type !== "var") || !at(p, "{")) return mistake(p);
	scan(p);
	const body = p.grammar.body(p, "}");
	if (body === undefined) return undefined;
	scan(p);
	return attachWiths(
		p,
		exprOf({ type: "every", value, domain, body, ...(key === undefined ? {} : { key }) }),
	);
}
