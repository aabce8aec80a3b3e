import { type AstTerm, dottedName, type Expr, stringTerm } from "./ast.ts";
import { at, mistake, type Parser, scan, scanTemplateRest } from "./parser.ts";
import { unescaped } from "./scalars.ts";

const SCALARS: ReadonlySet<string> = new Set(["string", "number", "boolean", "null"]);

/** Expressions that give no value to print. */
function isStatement({ terms, negated }: Expr): boolean {
	if (negated === true || terms.type === "some" || terms.type === "every") return true;
	return terms.type === "terms" && ["eq", "assign"].includes(dottedName(terms.terms[0]));
}

/** The text of a part; `undefined` for escapes that are none. */
function partText(p: Parser, raw: boolean): string | undefined {
	const inner = p.state.text.slice(1, -1);
	return raw || !inner.includes("\\") ? inner : unescaped(`"${inner}"`);
}

/** An expression up to its brace. A value that is written out, with no comment before it, is a part by itself. */
function readExpression(p: Parser): AstTerm | Expr | undefined {
	const comments = p.state.comments?.count ?? 0;
	scan(p);
	const commented = (p.state.comments?.count ?? 0) !== comments;
	const expr = p.grammar.literal(p);
	if (expr === undefined || isStatement(expr)) return mistake(p);
	if (!at(p, "}")) return mistake(p);
	const { terms } = expr;
	return SCALARS.has(terms.type) && !commented ? (terms as AstTerm) : expr;
}

/** A template string from its first part on; ends at the last one. */
export function readTemplate(p: Parser): AstTerm | undefined {
	const raw = at(p, "raw template part", "raw template end");
	const parts: (AstTerm | Expr)[] = [];
	for (;;) {
		const text = partText(p, raw);
		if (text === undefined) return mistake(p);
		if (text !== "") parts.push(stringTerm(text));
		if (at(p, "template end", "raw template end")) return { type: "templatestring", parts, multiLine: raw };
		// A part that never ended is no token.
		if (!at(p, "template part", "raw template part")) return mistake(p);
		const part = readExpression(p);
		if (part === undefined) return undefined;
		parts.push(part);
		scanTemplateRest(p, raw);
	}
}
