import { type AstTerm, type Body, dottedName, type Head, IMPLICIT_BODY, type Rule, TRUE } from "./ast.ts";
import { namedBy } from "./heads.ts";
import { BUILTIN_NAMES } from "./names.ts";

type Value = Pick<Head, "value" | "assign">;

function ruleOf(named: Pick<Head, "name" | "ref" | "args">, { value, assign }: Value, key?: AstTerm): Rule {
	const head: Head = {
		...named,
		...(value === undefined ? {} : { value }),
		...(key === undefined ? {} : { key }),
		assign,
		generatedValue: false,
		withIf: false,
		withContains: false,
	};
	return { kind: "rule", head, body: IMPLICIT_BODY, isDefault: false, generatedBody: true };
}

/** A head that is a call: a function. */
function functionOf(terms: readonly AstTerm[], value: Value): Rule | undefined {
	const [operator, ...args] = terms;
	if (operator?.type !== "ref" || operator.terms[0]?.type !== "var") return undefined;
	return ruleOf(namedBy(operator.terms, args), value);
}

function valuedRule(left: AstTerm, value: Value): Rule | undefined {
	if (left.type === "call") return functionOf(left.terms, value);
	if (left.type === "var") return ruleOf(namedBy([left]), value);
	if (left.type !== "ref" || left.terms[0]?.type !== "var") return undefined;
	const [first, second] = left.terms;
	const named = namedBy(left.terms);
	// A path of two steps is a name and a key too.
	return left.terms.length === 2
		? ruleOf({ ...named, name: first.name }, value, second)
		: ruleOf(named, value);
}

/**
 * A rule written without a body: `p := 1`, `f(x) = 1`, `f(x)`. `undefined` for an expression that is none: in Rego v1 a
 * term alone says nothing.
 */
export function bareRule(body: Body): Rule | undefined {
	const [expr, ...others] = body;
	if (expr === undefined || others.length > 0 || (expr.with?.length ?? 0) > 0 || expr.negated === true)
		return undefined;
	if (expr.terms.type !== "terms") return undefined;
	const [operator, ...operands] = expr.terms.terms;
	const name = dottedName(operator);
	if (name === "eq" || name === "assign") {
		const [left, value] = operands;
		if (left === undefined || value === undefined) return undefined;
		return valuedRule(left, { value, assign: name === "assign" });
	}
	if (BUILTIN_NAMES.has(name) || operands.length === 0) return undefined;
	return functionOf(expr.terms.terms, { value: TRUE, assign: false });
}
