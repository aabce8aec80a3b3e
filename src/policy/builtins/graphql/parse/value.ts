import { type Argument, type ChildValue, type Directive, KIND, type Type, type Value } from "../ast.ts";
import type { Cursor } from "./cursor.ts";
import type { TokenKind } from "./lex.ts";

const SCALARS: Readonly<Partial<Record<TokenKind, number>>> = {
	int: KIND.int,
	float: KIND.float,
	string: KIND.string,
	block: KIND.block,
};

function kindOfName(name: string): number {
	if (name === "true" || name === "false") return KIND.boolean;
	return name === "null" ? KIND.null : KIND.enum;
}

/** `constant`: variables are refused. */
export function parseValue(cursor: Cursor, constant: boolean): Value {
	const { kind, value: raw, at } = cursor.peek();
	// Of scalars and variables the comment is lost.
	const scalar = SCALARS[kind] ?? (kind === "name" ? kindOfName(raw) : undefined);
	if (scalar !== undefined) {
		cursor.next();
		return { raw, children: [], kind: scalar, position: at };
	}
	if (kind === "$" && !constant)
		return { raw: parseVariable(cursor), children: [], kind: KIND.variable, position: at };
	if (kind !== "[" && kind !== "{") return cursor.unexpected();
	const comment = cursor.comment();
	const children = cursor.deeper(() =>
		kind === "["
			? cursor.many("[", "]", () => ({ name: "", value: parseValue(cursor, constant) }))
			: cursor.many("{", "}", () => parseMember(cursor, constant)),
	);
	return { raw: "", children, kind: kind === "[" ? KIND.list : KIND.object, position: at, comment };
}

function parseMember(cursor: Cursor, constant: boolean): ChildValue {
	const comment = cursor.comment();
	const name = cursor.name();
	cursor.expect(":");
	return { name, value: parseValue(cursor, constant), comment };
}

export function parseVariable(cursor: Cursor): string {
	cursor.expect("$");
	return cursor.name();
}

export function parseArguments(cursor: Cursor, constant: boolean): readonly Argument[] {
	return cursor.some("(", ")", () => parseMember(cursor, constant)).items;
}

export function parseDirectives(cursor: Cursor, constant: boolean): readonly Directive[] {
	const directives: Directive[] = [];
	while (cursor.skip("@")) {
		directives.push({ name: cursor.name(), arguments: parseArguments(cursor, constant) });
	}
	return directives;
}

export function parseType(cursor: Cursor): Type {
	if (!cursor.skip("[")) return { namedType: cursor.name(), nonNull: cursor.skip("!") };
	const elem = cursor.deeper(() => parseType(cursor));
	cursor.expect("]");
	return { namedType: "", elem, nonNull: cursor.skip("!") };
}
