import {
	type AstTerm,
	type Body,
	type Expr,
	type Head,
	IMPLICIT_BODY,
	isGround,
	type Rule,
	TRUE,
} from "./ast.ts";
import { readHead } from "./heads.ts";
import {
	at,
	mistake,
	nameBeforePath,
	nextWildcard,
	type Parser,
	peek,
	restore,
	save,
	scan,
} from "./parser.ts";
import type { TokenKind } from "./tokens.ts";

const OF_NAMES: readonly TokenKind[] = [":=", "=", "if", "contains", "("];
const OF_OPERATORS: readonly TokenKind[] = [":=", "=", "if", "contains"];
const OF_PATHS: readonly TokenKind[] = [":=", "=", "("];

/** What follows a keyword that somebody took for the name of a rule, and nothing else. */
const FOLLOWERS: ReadonlyMap<TokenKind, readonly TokenKind[]> = new Map<TokenKind, readonly TokenKind[]>([
	["every", OF_NAMES],
	["if", OF_NAMES],
	["in", OF_NAMES],
	["some", OF_NAMES],
	["as", OF_NAMES],
	["package", OF_PATHS],
	["import", OF_PATHS],
	["not", OF_OPERATORS],
	["and", OF_OPERATORS],
	["or", OF_OPERATORS],
	["contains", ["if", "contains"]],
]);

/** Notes a keyword in the place of a rule's name. */
export function isKeywordRule(p: Parser): boolean {
	const followers = FOLLOWERS.get(p.state.kind);
	if (followers === undefined || !followers.includes(peek(p, "no spaces"))) return false;
	mistake(p);
	return true;
}

/** A value without anything to work out but in comprehensions. */
function isConstant(term: AstTerm): boolean {
	switch (term.type) {
		case "var":
		case "ref":
		case "call":
			return false;
		case "array":
		case "set":
			return term.items.every(isConstant);
		case "object":
			return term.pairs.every((pair) => pair.every(isConstant));
		case "templatestring":
			return term.parts.every((part) => ("kind" in part ? isConstantExpr(part) : isConstant(part)));
		default:
			return true;
	}
}

function isConstantExpr({ terms, with: withs = [] }: Expr): boolean {
	if (withs.length > 0) return false;
	switch (terms.type) {
		case "terms":
		case "some":
		case "every":
			return false;
		case "not":
			return terms.body.every(isConstantExpr);
		case "and":
		case "or":
			return [...terms.left, ...terms.right].every(isConstantExpr);
		default:
			return isConstant(terms);
	}
}

/** Of a default the value is constant, and the arguments are variables, each another. */
function finishDefault(p: Parser, head: Head): Rule | undefined {
	const names = head.args.map((arg) => (arg.type === "var" ? arg.name : undefined));
	const named = !names.includes(undefined) && new Set(names).size === names.length;
	if (head.value === undefined || !isConstant(head.value) || !named) return mistake(p);
	return { kind: "rule", head, body: IMPLICIT_BODY, isDefault: true, generatedBody: false };
}

/**
 * A path of two steps in front of `if` is a name and a key where the second is a variable, and true where nothing is
 * said. `undefined`: a value has no name.
 */
function headBeforeIf(head: Head): Head | undefined {
	const [first, second] = head.ref;
	if (head.withContains || second === undefined || head.ref.length !== 2) return head;
	const keyed = head.args.length === 0 && (second.type === "ref" || !isGround(second));
	const whole: Head = { ...head, ...(keyed ? { key: second } : {}) };
	if (head.value === undefined) return { ...whole, value: TRUE, generatedValue: true };
	return first?.type === "var" ? { ...whole, name: first.name } : undefined;
}

/** A body in braces; ends behind it. */
function readBraced(p: Parser): Body | undefined {
	scan(p);
	const body = p.grammar.body(p, "}");
	if (body !== undefined) scan(p);
	return body;
}

/** What follows `if`: an expression, or a body in braces. A set of one expression is a body, for a set is never false. */
function readCondition(p: Parser): Body | undefined {
	const state = save(p);
	const braced = at(p, "{");
	const expr = p.grammar.literal(p);
	if (expr !== undefined && !(braced && expr.terms.type === "set")) return [expr];
	if (!braced) return undefined;
	restore(p, state);
	return readBraced(p);
}

/** Each time that a head is used its nameless arguments are new ones. */
function renewed(p: Parser, head: Head): Head {
	const args = head.args.map(
		(arg): AstTerm =>
			arg.type === "var" && arg.name.startsWith("$") ? { type: "var", name: nextWildcard(p) } : arg,
	);
	return { ...head, args };
}

/** The value behind `else`, if it has one. */
function elseHead(p: Parser, head: Head): Head | undefined {
	const plain: Head = { ...renewed(p, head), generatedValue: false, withIf: false, withContains: false };
	scan(p);
	if (at(p, "{", "if")) return { ...plain, generatedValue: true, value: TRUE };
	if (!at(p, ":=", "=")) return mistake(p);
	const assign = at(p, ":=");
	scan(p);
	const value = p.grammar.operation(p);
	return value === undefined ? undefined : { ...plain, assign, value };
}

function elseBody(p: Parser): Body | undefined {
	if (at(p, "{")) return readBraced(p);
	if (at(p, "end")) return mistake(p);
	const expr = p.grammar.literal(p);
	return expr === undefined ? undefined : [expr];
}

/** From `else` on. */
function readElse(p: Parser, head: Head): Rule | undefined {
	const own = elseHead(p, head);
	if (own === undefined) return undefined;
	const withIf = at(p, "if");
	if (!withIf && !at(p, "{")) {
		return { kind: "rule", head: own, body: IMPLICIT_BODY, isDefault: false, generatedBody: true };
	}
	if (withIf) scan(p);
	const body = elseBody(p);
	if (body === undefined) return undefined;
	const rule: Rule = { kind: "rule", head: { ...own, withIf }, body, isDefault: false, generatedBody: false };
	if (!at(p, "else")) return rule;
	const otherwise = readElse(p, head);
	return otherwise === undefined ? undefined : { ...rule, otherwise };
}

/** What may follow a rule's body: `else`, or further bodies for the same head. */
function readMore(p: Parser, first: Rule): readonly Rule[] | undefined {
	let rule = first;
	const { head } = first;
	if (at(p, "else") && !nameBeforePath(p)) {
		if (!head.ref.slice(1).every(isGround) || head.key !== undefined) return mistake(p);
		const otherwise = readElse(p, head);
		if (otherwise === undefined) return undefined;
		rule = { ...rule, otherwise };
	}
	const rules = [rule];
	while (at(p, "{")) {
		if (rule.otherwise !== undefined) return mistake(p);
		const body = readBraced(p);
		if (body === undefined) return undefined;
		rules.push({ ...first, head: renewed(p, head), body });
	}
	return rules;
}

/** A rule, and others with its head. `undefined`: it is none, which need not be a mistake. */
export function readRules(p: Parser): readonly Rule[] | undefined {
	nameBeforePath(p);
	const isDefault = at(p, "default");
	if (isDefault) {
		scan(p);
		nameBeforePath(p);
	}
	if (!at(p, "name")) {
		if (isDefault && FOLLOWERS.has(p.state.kind)) mistake(p);
		return undefined;
	}
	const head = readHead(p);
	if (head === undefined) return undefined;
	if (isDefault) {
		const rule = finishDefault(p, head);
		return rule === undefined ? undefined : [rule];
	}
	if (!at(p, "if")) {
		// In Rego v1 no body comes without `if`.
		if (at(p, "{")) return mistake(p);
		if (!head.withContains) return undefined;
		return [{ kind: "rule", head, body: IMPLICIT_BODY, isDefault: false, generatedBody: true }];
	}
	const whole = headBeforeIf(head);
	if (whole === undefined) return undefined;
	scan(p);
	const body = readCondition(p);
	if (body === undefined) return undefined;
	const rule: Rule = {
		kind: "rule",
		head: { ...whole, withIf: true },
		body,
		isDefault: false,
		generatedBody: false,
	};
	return readMore(p, rule);
}
