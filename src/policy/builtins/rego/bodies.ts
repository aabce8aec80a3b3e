import type { Body, Expr } from "./ast.ts";
import { at, deeper, mistake, type Parser, scan } from "./parser.ts";
import type { TokenKind } from "./tokens.ts";

/** Expressions up to a token, which stays; or, of a query, up to the end of a line where no semicolon stands. */
function readExpressions(p: Parser, end: TokenKind, isQuery: boolean): Body | undefined {
	if (at(p, end)) return mistake(p);
	const body: Expr[] = [];
	for (;;) {
		const expr = p.grammar.literal(p);
		if (expr === undefined) return undefined;
		body.push(expr);
		if (at(p, ";")) {
			scan(p);
			continue;
		}
		if (at(p, end) || isQuery) return body;
		if (!p.state.afterLine) return mistake(p);
	}
}

/** What stands between braces or after the bar of a comprehension, up to the end of it. */
export const readBody = (p: Parser, end: TokenKind): Body | undefined =>
	deeper(p, () => readExpressions(p, end, false));

export const readQuery = (p: Parser): Body | undefined => readExpressions(p, "end", true);
