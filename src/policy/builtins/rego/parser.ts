import { tooLarge } from "../bounds.ts";
import type { AstTerm, Body, Comment, Expr } from "./ast.ts";
import { commentBytes, type Place, scanToken, startOf } from "./scanner.ts";
import { firstKeywords, KEYWORDS_V1, type TokenKind, wordOf } from "./tokens.ts";

/** Tokens that are scanned for one module, those that are scanned again among them. */
const MAX_SCANNED = 1 << 20;

/** Steps into terms, expressions and bodies; one level of nesting takes about nine. */
const MAX_DEPTH = 1024;

interface Comments {
	readonly comment: Comment;
	readonly before: Comments | undefined;
	readonly count: number;
}

/**
 * Where the parser stands. It tries one reading and comes back for another: what a mistake of the first one left behind
 * is gone then.
 */
export interface State extends Place {
	kind: TokenKind;
	text: string;
	start: number;
	end: number;
	/** Where the token before ended. */
	lastEnd: number;
	/** A line ended before this token. */
	afterLine: boolean;
	/** Variables without a name so far. */
	wildcards: number;
	/** Mistakes so far. */
	mistakes: number;
	comments: Comments | undefined;
}

/** A term that was read once, and where the parser stood then; in descending order of their places. */
interface Known {
	readonly term: AstTerm | undefined;
	readonly after: State;
	readonly start: number;
	readonly next: Known | undefined;
}

/** What the parts of the grammar need of each other. `undefined`: it is not there, and mostly a mistake. */
export interface Grammar {
	readonly term: (p: Parser) => AstTerm | undefined;
	/** A term, or terms with operators between them. */
	readonly operation: (p: Parser) => AstTerm | undefined;
	/** The same where a comma ends it. */
	readonly item: (p: Parser) => AstTerm | undefined;
	readonly literal: (p: Parser) => Expr | undefined;
	readonly body: (p: Parser, end: TokenKind) => Body | undefined;
}

export interface Parser {
	state: State;
	known: Known | undefined;
	/** `not` may have a body. */
	notBodies: boolean;
	readonly grammar: Grammar;
	readonly source: string;
	depth: number;
	scanned: number;
}

export function createParser(source: string, grammar: Grammar): Parser {
	const state: State = {
		...startOf(source, firstKeywords()),
		kind: "illegal",
		text: "",
		start: 0,
		end: 0,
		lastEnd: 0,
		afterLine: false,
		wildcards: 0,
		mistakes: 0,
		comments: undefined,
	};
	const parser = { state, known: undefined, notBodies: false, grammar, source, depth: 0, scanned: 0 };
	scan(parser);
	return parser;
}

export const save = (p: Parser): State => ({ ...p.state });

/** Goes back. The state itself is taken, so that it moves on with the parser. */
export function restore(p: Parser, state: State): void {
	p.state = state;
}

/** Notes a mistake: the module is none, unless the parser comes back to before it. */
export function mistake(p: Parser): undefined {
	p.state.mistakes++;
	return undefined;
}

interface ScanOptions {
	/** White space is a token. */
	readonly spaces?: boolean;
	readonly within?: "template" | "raw template";
}

function advance(p: Parser, { spaces = false, within }: ScanOptions): void {
	const { state, source } = p;
	if (state.kind !== "space") {
		state.lastEnd = state.end;
		state.afterLine = false;
	}
	let inside = within;
	for (;;) {
		if (++p.scanned > MAX_SCANNED) throw tooLarge("rego.parse_module");
		const token = scanToken(state, source, inside);
		inside = undefined;
		state.kind = token.bad ? "illegal" : token.kind;
		if (token.bad) state.mistakes++;
		state.text = token.text;
		state.start = token.start;
		state.end = token.end;
		if (state.kind === "space") {
			if (token.text === "\n") state.afterLine = true;
			if (!spaces) continue;
		}
		if (state.kind !== "comment") return;
		const text = commentBytes(source, token);
		const { row, column } = token;
		state.comments = {
			comment: { row, column, ...(text === undefined ? {} : { text }) },
			before: state.comments,
			count: (state.comments?.count ?? 0) + 1,
		};
	}
}

/** The next token that is no white space. */
export const scan = (p: Parser): void => advance(p, {});

/** The next token, white space too. */
export const scanSpace = (p: Parser): void => advance(p, { spaces: true });

/** What follows an expression in a template string. */
export const scanTemplateRest = (p: Parser, raw: boolean): void =>
	advance(p, { spaces: true, within: raw ? "raw template" : "template" });

export function commentsOf(p: Parser): readonly Comment[] {
	const found: Comment[] = [];
	for (let link = p.state.comments; link !== undefined; link = link.before) found.push(link.comment);
	return found.reverse();
}

/** Reads something that may hold more of its kind, as deep as is reasonable. */
export function deeper<T>(p: Parser, read: () => T): T {
	if (p.depth >= MAX_DEPTH) throw tooLarge("rego.parse_module");
	p.depth++;
	const found = read();
	p.depth--;
	return found;
}

export const at = (p: Parser, ...kinds: readonly TokenKind[]): boolean => kinds.includes(p.state.kind);

/** The kind of the token that follows at once, or behind white space. */
export function peek(p: Parser, spaces: "spaces" | "no spaces"): TokenKind {
	const state = save(p);
	advance(p, { spaces: spaces === "spaces" });
	const { kind } = p.state;
	restore(p, state);
	return kind;
}

/** A keyword, which a path may have for a name all the same. */
export function isRefKeyword(p: Parser): boolean {
	const word = wordOf(p.state.kind);
	return KEYWORDS_V1.has(word) || p.state.keywords.has(word);
}

/** A keyword that a path starts with is a name. */
export function nameBeforePath(p: Parser): boolean {
	if (!isRefKeyword(p)) return false;
	const next = peek(p, "spaces");
	if (next !== "." && next !== "[") return false;
	p.state.kind = "name";
	return true;
}

export function nextWildcard(p: Parser): string {
	return `$${p.state.wildcards++}`;
}

/** The term that was read at this place before. */
export function knownTerm(p: Parser): Known | undefined {
	const { start } = p.state;
	for (let known = p.known; known !== undefined && known.start >= start; known = known.next) {
		if (known.start === start) return known;
	}
	return undefined;
}

/** Keeps a term and forgets those that start behind it: they are parts of it. */
export function keepTerm(p: Parser, term: AstTerm | undefined, start: number): void {
	let next = p.known;
	while (next !== undefined && next.start >= start) next = next.next;
	p.known = { term, after: save(p), start, next };
}
