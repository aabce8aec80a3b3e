import { wellFormed } from "../../../term/byte-string.ts";
import { GraphqlError } from "../graphql-error.ts";
import { blockStringValue } from "./block-string.ts";

export type TokenKind =
	| ("!" | "$" | "&" | "(" | ")" | "..." | ":" | "=" | "@" | "[" | "]" | "{" | "}" | "|")
	| ("name" | "int" | "float" | "string" | "block" | "comment" | "end");

export interface Token {
	readonly kind: TokenKind;
	/** Empty for punctuation. */
	readonly value: string;
	/** Offset of its first character in the text, in UTF-16 units. */
	readonly at: number;
}

/** Commas and byte order marks are white space wherever they stand. */
const IGNORED = /[\t\n\r ,\ufeff]*/y;
const PUNCTUATION = /[!$&():=@[\]{}|]|\.\.\./y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const COMMENT = /#[\t -\uffff]*/y;
/** What follows may be anything, a name too: `1a` is two tokens. A fraction or an exponent without digits is none. */
const NUMBER =
	/-?(?:0|[1-9][0-9]*)(?![0-9])(?:(\.[0-9]+)(?![0-9])|(?!\.))(?:([eE][+-]?[0-9]+)(?![0-9])|(?![eE]))/y;
/** A run of a string, up to its end or an escape. */
const PLAIN = /[\t !#-[\]-\uffff]*/y;
const ESCAPE = /\\(?:(["\\/bfnrt])|u([0-9A-Fa-f]{4}))/y;
/** A run of a block string, up to a quote, a backslash or a carriage return. */
const BLOCK_PLAIN = /[\t\n !#-[\]-\uffff]*/y;
const QUOTES = /"+/y;

const CONTROLS: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** Half a pair is no character to Go, not even beside the other half. */
function charOf(hex: string): string {
	const code = Number.parseInt(hex, 16);
	return code >= 0xd800 && code <= 0xdfff ? "\ufffd" : String.fromCharCode(code);
}

/**
 * Reads tokens from left to right; after the last one `end`, again and again. The function that it gives throws
 * GraphqlError for what is no token.
 */
export function tokensOf(text: string): () => Token {
	let at = 0;

	const take = (pattern: RegExp): RegExpExecArray | null => {
		pattern.lastIndex = at;
		const match = pattern.exec(text);
		if (match !== null) at += match[0].length;
		return match;
	};
	const run = (pattern: RegExp): string => take(pattern)?.[0] ?? "";

	const string = (start: number): Token => {
		at = start + 1;
		let value = run(PLAIN);
		const escaped: string[] = [];
		for (;;) {
			if (text[at] === '"') break;
			const found = take(ESCAPE);
			if (found === null) throw new GraphqlError("a string that does not end, or a bad escape");
			const [, char, hex] = found;
			escaped.push(
				hex === undefined ? (CONTROLS[char as string] ?? (char as string)) : charOf(hex),
				run(PLAIN),
			);
		}
		at++;
		// Bytes that are no text stay as they are until the first escape.
		if (escaped.length > 0) value += wellFormed(escaped.join(""));
		return { kind: "string", value, at: start };
	};

	const block = (start: number): Token => {
		at = start + 3;
		const parts: string[] = [];
		for (;;) {
			parts.push(run(BLOCK_PLAIN));
			const quotes = run(QUOTES);
			if (quotes.length >= 3) {
				parts.push(quotes.slice(3));
				return { kind: "block", value: blockStringValue(wellFormed(parts.join(""))), at: start };
			}
			if (quotes !== "") parts.push(quotes);
			else if (text.startsWith('\\"""', at)) {
				parts.push('"""');
				at += 4;
			} else if (text[at] === "\\") {
				parts.push("\\");
				at++;
			} else if (text[at] === "\r") {
				parts.push("\n");
				at += text[at + 1] === "\n" ? 2 : 1;
			} else throw new GraphqlError("a block string that does not end, or a control character in it");
		}
	};

	return () => {
		take(IGNORED);
		const start = at;
		if (start >= text.length) return { kind: "end", value: "", at: start };
		const punctuation = take(PUNCTUATION);
		if (punctuation !== null) return { kind: punctuation[0] as TokenKind, value: "", at: start };
		const name = take(NAME);
		if (name !== null) return { kind: "name", value: name[0], at: start };
		if (text[start] === '"') return text.startsWith('"""', start) ? block(start) : string(start);
		const comment = take(COMMENT);
		if (comment !== null) return { kind: "comment", value: comment[0], at: start };
		const number = take(NUMBER);
		if (number === null) throw new GraphqlError("an unexpected character");
		const kind = number[1] === undefined && number[2] === undefined ? "int" : "float";
		return { kind, value: number[0], at: start };
	};
}
