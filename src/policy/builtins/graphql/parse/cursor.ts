import type { CommentGroup } from "../ast.ts";
import { GraphqlError } from "../graphql-error.ts";
import { MAX_DEPTH, overLimit } from "../limits.ts";
import { type Token, type TokenKind, tokensOf } from "./lex.ts";

/** A parser's place in a text, one token ahead. Every function throws GraphqlError for what it did not expect. */
export interface Cursor {
	/** The next token that is no comment. */
	peek(): Token;
	next(): Token;
	/** The comments right before the next token; `undefined` for none. */
	comment(): CommentGroup | undefined;
	/** Whether the next token is of that kind. */
	sees(kind: TokenKind): boolean;
	/** Whether the next token's text is that word. A string counts as well as a name, as it does in gqlparser. */
	reads(word: string): boolean;
	/** Steps over the next token if it is of that kind. */
	skip(kind: TokenKind): boolean;
	expect(kind: TokenKind): Token;
	keyword(word: string): void;
	name(): string;
	/** One or more items between brackets, or no brackets at all. */
	some<T>(open: TokenKind, close: TokenKind, item: () => T): Bracketed<T>;
	/** Items between brackets, none too. */
	many<T>(open: TokenKind, close: TokenKind, item: () => T): readonly T[];
	/**
	 * Reads something that may contain its own kind.
	 * @throws {RangeError} when more than `MAX_DEPTH` are inside one another.
	 */
	deeper<T>(read: () => T): T;
	unexpected(): never;
}

interface Bracketed<T> {
	readonly items: readonly T[];
	/** Comments before the closing bracket. */
	readonly comment: CommentGroup | undefined;
}

/** `maxTokens`: a text of more, comments counted, is a RangeError. */
export function cursorOver(text: string, maxTokens: number): Cursor {
	const read = tokensOf(text);
	let token: Token | undefined;
	let comment: CommentGroup | undefined;
	let count = 0;
	let depth = 0;

	const readOne = (): Token => {
		count++;
		if (count > maxTokens) throw overLimit(`more than ${maxTokens} tokens`);
		return read();
	};

	const peek = (): Token => {
		if (token !== undefined) return token;
		token = readOne();
		if (token.kind !== "comment") return token;
		const list: { readonly value: string }[] = [];
		while (token.kind === "comment") {
			list.push({ value: token.value });
			token = readOne();
		}
		comment = { list };
		return token;
	};

	const next = (): Token => {
		const taken = peek();
		token = undefined;
		comment = undefined;
		return taken;
	};

	const unexpected = (): never => {
		const { kind, value, at } = peek();
		throw new GraphqlError(`unexpected ${kind} ${value} at ${at}`);
	};

	const sees = (kind: TokenKind): boolean => peek().kind === kind;

	const skip = (kind: TokenKind): boolean => {
		if (!sees(kind)) return false;
		next();
		return true;
	};

	const expect = (kind: TokenKind): Token => (sees(kind) ? next() : unexpected());

	const some = <T>(open: TokenKind, close: TokenKind, item: () => T): Bracketed<T> => {
		if (!skip(open)) return { items: [], comment: undefined };
		const items: T[] = [];
		while (!sees(close)) items.push(item());
		if (items.length === 0) unexpected();
		const before = comment;
		next();
		return { items, comment: before };
	};

	return {
		peek,
		next,
		comment() {
			peek();
			return comment;
		},
		sees,
		reads: (word) => peek().value === word,
		skip,
		expect,
		keyword(word) {
			if (!sees("name") || peek().value !== word) unexpected();
			next();
		},
		name: () => expect("name").value,
		some,
		many(open, close, item) {
			const items = [];
			expect(open);
			while (!sees(close)) items.push(item());
			next();
			return items;
		},
		deeper(inner) {
			if (depth === MAX_DEPTH) throw overLimit(`nested deeper than ${MAX_DEPTH}`);
			depth++;
			const found = inner();
			depth--;
			return found;
		},
		unexpected,
	};
}
