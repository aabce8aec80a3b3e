import { type AstTerm, type Head, TRUE } from "./ast.ts";
import { at, mistake, type Parser, scan, scanSpace } from "./parser.ts";
import { plain, readPath, readVariable } from "./references.ts";
import type { TokenKind } from "./tokens.ts";

const OPERATORS: readonly TokenKind[] = ["+", "-", "*", "/", "%", "&", "|", "==", "!=", ">", ">=", "<", "<="];

/** A name with its path and arguments, which white space may part. */
function readName(p: Parser): AstTerm | undefined {
	const name = readVariable(p);
	scanSpace(p);
	if (at(p, ...OPERATORS)) mistake(p);
	if (at(p, "space")) scan(p);
	return at(p, "(", ".", "[") ? readPath(p, name) : plain(name);
}

type Named = Pick<Head, "name" | "ref" | "args">;

/** A path of one step is a name as well. */
export function namedBy(ref: readonly AstTerm[], args: readonly AstTerm[] = []): Named {
	const [first, second] = ref;
	return { name: second === undefined && first?.type === "var" ? first.name : "", ref, args };
}

/** `called`: brackets stand behind the name, with arguments or none. */
function readNamed(p: Parser): (Named & { readonly called?: true }) | undefined {
	const term = readName(p);
	if (term === undefined) return mistake(p);
	if (term.type === "var") return namedBy([term]);
	if (term.type === "ref") return namedBy(term.terms);
	if (term.type !== "call") return undefined;
	const [operator, ...args] = term.terms;
	if (operator?.type !== "ref" || operator.terms[0]?.type !== "var") return mistake(p);
	return { ...namedBy(operator.terms, args), called: true };
}

const PLAIN = { assign: false, generatedValue: false, withIf: false, withContains: false } as const;

/** Head of a rule, from its name to its value or key. Ends behind them. */
export function readHead(p: Parser): Head | undefined {
	const named = readNamed(p);
	if (named === undefined) return undefined;
	const { called, ...rest } = named;
	const head: Head = { ...rest, ...PLAIN };
	if (at(p, "contains")) {
		if (called === true) mistake(p);
		scan(p);
		const key = p.grammar.operation(p);
		if (key === undefined) mistake(p);
		return { ...head, withContains: true, ...(key === undefined ? {} : { key }) };
	}
	if (at(p, "=", ":=")) {
		const assign = at(p, ":=");
		scan(p);
		const value = p.grammar.operation(p);
		if (value === undefined) mistake(p);
		return { ...head, assign, ...(value === undefined ? {} : { value }) };
	}
	// A path of two steps may yet be a name and a key.
	if (head.ref.length === 2 && head.args.length === 0) return head;
	return { ...head, value: TRUE, generatedValue: true };
}
