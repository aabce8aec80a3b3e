import { arrayTerm, numberTerm, objectTerm, type Term } from "../../term/term.ts";
import { isJsonNumber } from "../../term/to-json.ts";
import { tooLarge } from "../bounds.ts";
import type { AstTerm, Body, Comment, Expr, ExprTerms, Head, Import, Module, Rule, With } from "./ast.ts";
import { sortPairs, sortTerms } from "./compare.ts";

/** What Go's JSON cannot write: a number that starts with a point. */
export class UnprintableError extends Error {}

/** Terms inside terms; what is deeper no policy could use. */
const MAX_DEPTH = 400;

type Members = Readonly<Record<string, Term | undefined>>;

/** Members that are absent are left out. */
function record(members: Members): Term {
	const entries: (readonly [string, Term])[] = [];
	for (const [name, term] of Object.entries(members)) if (term !== undefined) entries.push([name, term]);
	return objectTerm(entries);
}

const whenTrue = (flag: boolean | undefined): Term | undefined => (flag === true ? true : undefined);
const optional = <T>(value: T | undefined, shape: (value: T) => Term): Term | undefined =>
	value === undefined ? undefined : shape(value);

function valueShape(term: AstTerm, depth: number): Term {
	const inner = (one: AstTerm): Term => termShape(one, depth + 1);
	const body = (of: Body): Term => bodyShape(of, depth + 1);
	switch (term.type) {
		case "null":
			return objectTerm([]);
		case "boolean":
		case "string":
			return term.value;
		case "var":
			return term.name;
		case "number":
			if (!isJsonNumber(term.text)) throw new UnprintableError();
			return numberTerm(term.text);
		case "ref":
		case "call":
			return arrayTerm(term.terms.map(inner));
		case "array":
			return arrayTerm(term.items.map(inner));
		case "set":
			return arrayTerm(sortTerms(term.items).map(inner));
		case "object":
			return arrayTerm(sortPairs(term.pairs).map((pair) => arrayTerm(pair.map(inner))));
		case "arraycomprehension":
		case "setcomprehension":
			return record({ term: inner(term.term), body: body(term.body) });
		case "objectcomprehension":
			return record({ key: inner(term.key), value: inner(term.value), body: body(term.body) });
		case "templatestring": {
			const parts = term.parts.map((part) => ("kind" in part ? exprShape(part, 0, depth + 1) : inner(part)));
			return record({ parts: parts.length === 0 ? null : arrayTerm(parts), multi_line: term.multiLine });
		}
	}
}

function termShape(term: AstTerm, depth: number): Term {
	if (depth > MAX_DEPTH) throw tooLarge("rego.parse_module");
	return record({ type: term.type, value: valueShape(term, depth) });
}

function termsShape(terms: ExprTerms, depth: number): Term {
	const inner = (one: AstTerm): Term => termShape(one, depth + 1);
	const body = (of: Body): Term => bodyShape(of, depth + 1);
	switch (terms.type) {
		case "terms":
			return arrayTerm(terms.terms.map(inner));
		case "some":
			return record({ symbols: arrayTerm(terms.symbols.map(inner)) });
		case "every":
			return record({
				key: optional(terms.key, inner) ?? null,
				value: inner(terms.value),
				domain: inner(terms.domain),
				body: body(terms.body),
			});
		case "not":
			return record({ type: "not", body: body(terms.body), explicit_body: terms.explicit });
		case "and":
		case "or":
			return record({
				type: terms.type,
				lhs: body(terms.left),
				rhs: body(terms.right),
				explicit_lhs: whenTrue(terms.explicitLeft),
				explicit_rhs: whenTrue(terms.explicitRight),
			});
		default:
			return termShape(terms, depth);
	}
}

function withsShape(withs: readonly With[] | undefined, depth: number): Term | undefined {
	if (withs === undefined || withs.length === 0) return undefined;
	const inner = (one: AstTerm): Term => termShape(one, depth + 1);
	return arrayTerm(withs.map(({ target, value }) => record({ target: inner(target), value: inner(value) })));
}

function exprShape(expr: Expr, index: number, depth: number): Term {
	if (depth > MAX_DEPTH) throw tooLarge("rego.parse_module");
	return record({
		index: numberTerm(index),
		terms: termsShape(expr.terms, depth + 1),
		generated: whenTrue(expr.generated),
		negated: whenTrue(expr.negated),
		with: withsShape(expr.with, depth + 1),
	});
}

const bodyShape = (body: Body, depth: number): Term =>
	arrayTerm(body.map((expr, index) => exprShape(expr, index, depth)));

const topTerm = (term: AstTerm): Term => termShape(term, 0);

function headShape(head: Head): Term {
	return record({
		name: head.name === "" ? undefined : head.name,
		ref: arrayTerm(head.ref.map(topTerm)),
		args: head.args.length === 0 ? undefined : arrayTerm(head.args.map(topTerm)),
		key: optional(head.key, topTerm),
		value: optional(head.value, topTerm),
		assign: whenTrue(head.assign),
	});
}

function ruleShape(rule: Rule): Term {
	return record({
		head: headShape(rule.head),
		body: bodyShape(rule.body, 0),
		default: whenTrue(rule.isDefault),
		else: optional(rule.otherwise, ruleShape),
	});
}

const importShape = ({ path, alias }: Import): Term => record({ path: topTerm(path), alias });

const commentShape =
	(file: string) =>
	({ text, row, column }: Comment): Term =>
		record({
			Text: text?.toString("base64") ?? null,
			Location: record({ file, row: numberTerm(row), col: numberTerm(column) }),
		});

/** An empty list is left out. */
const listShape = <T>(items: readonly T[], shape: (item: T) => Term): Term | undefined =>
	items.length === 0 ? undefined : arrayTerm(items.map(shape));

/**
 * A module as OPA's JSON has it.
 * @throws {UnprintableError} for what Go's JSON cannot write.
 */
export function moduleShape(module: Module, file: string): Term {
	return record({
		package: record({ path: arrayTerm(module.package.path.map(topTerm)) }),
		imports: listShape(module.imports, importShape),
		rules: listShape(module.rules, ruleShape),
		comments: listShape(module.comments, commentShape(file)),
	});
}
