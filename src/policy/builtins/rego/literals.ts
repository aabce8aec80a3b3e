import { type Expr, exprOf } from "./ast.ts";
import { readEvery, readPlain, readSome, readWiths } from "./expressions.ts";
import {
	finishOperand,
	isAmbiguous,
	isLogical,
	isNegation,
	negationOf,
	readChain,
	readGroup,
	readNotBody,
} from "./logic.ts";
import { at, isRefKeyword, mistake, nameBeforePath, type Parser, restore, save, scan } from "./parser.ts";

/** Braces that `and` or `or` follow: a body. `none`: nothing of the kind, and the parser stands before it again. */
function readLeadingBody(p: Parser): Expr | undefined | "none" {
	const state = save(p);
	const { known } = p;
	scan(p);
	const body = p.grammar.body(p, "}");
	if (body !== undefined) {
		scan(p);
		if (at(p, "and", "or")) return isAmbiguous(p, body) ? mistake(p) : readChain(p, { body, explicit: true });
	}
	restore(p, state);
	p.known = known;
	return "none";
}

/** An expression without `some` and `every`, behind `not` or not. */
function readExpression(p: Parser, negated: boolean): Expr | undefined {
	const { start } = p.state;
	if (negated && p.notBodies && at(p, "(")) {
		const group = readGroup(p, true);
		if (group === undefined) return undefined;
		if (group !== "none") return finishOperand(p, { body: [negationOf(group)], explicit: false });
	}
	const plain = readPlain(p);
	if (plain === undefined) return undefined;
	const replaced = at(p, "with");
	const withs = replaced ? readWiths(p) : undefined;
	if (replaced && withs === undefined) return undefined;
	const bodied = negated && p.notBodies;
	const inner: Expr = bodied ? exprOf({ type: "not", body: [plain], explicit: false }) : plain;
	const expr: Expr = {
		...inner,
		...(withs === undefined ? {} : { with: withs }),
		...(negated && !bodied ? { negated: true } : {}),
	};
	if (!at(p, "and", "or")) return expr;
	// One side alone cannot be replaced in, and one that starts with a brace is a body or nothing.
	if (replaced || (!negated && p.source[start] === "{")) return mistake(p);
	return readChain(p, { body: [{ ...expr, start }], explicit: false });
}

function readAny(p: Parser): Expr | undefined {
	if (at(p, "{") && isLogical(p)) {
		const found = readLeadingBody(p);
		if (found !== "none") return found;
	}
	if (at(p, "(") && isLogical(p)) {
		const group = readGroup(p, false);
		if (group === undefined) return undefined;
		if (group !== "none") return finishOperand(p, group);
	}
	if (isRefKeyword(p) && nameBeforePath(p)) return readExpression(p, false);
	const negated = isNegation(p);
	if (negated) scan(p);
	if (negated && p.notBodies && at(p, "{")) {
		const expr = readNotBody(p);
		return expr === undefined ? undefined : finishOperand(p, { body: [expr], explicit: false });
	}
	if (at(p, "some", "every")) {
		if (negated) return mistake(p);
		return at(p, "some") ? readSome(p) : readEvery(p);
	}
	return readExpression(p, negated);
}

/** One expression of a body. */
export function readLiteral(p: Parser): Expr | undefined {
	const { start } = p.state;
	const expr = readAny(p);
	return expr === undefined ? undefined : { ...expr, start };
}
