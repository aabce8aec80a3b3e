import { bytesOf } from "../../term/byte-string.ts";
import type { Keyword, Sign, TemplateKind, TokenKind } from "./tokens.ts";

/** A place in a text, and what is known of it. Copied wherever the parser may come back to it. */
export interface Place {
	/** Behind `code`, in UTF-16 units. */
	at: number;
	/** The character that comes next; -1 at the end. */
	code: number;
	/** Its units. */
	width: number;
	row: number;
	/** In characters, from 1. */
	column: number;
	/** Characters that may not stand anywhere were passed since the last token. */
	bad: boolean;
	/** Words that are keywords here; shared by all copies. */
	keywords: Set<string>;
}

export interface Token {
	readonly kind: TokenKind;
	/** What it is written as, for names, numbers and strings; empty for others. */
	readonly text: string;
	readonly start: number;
	readonly end: number;
	readonly row: number;
	readonly column: number;
	/** No such token can be; `kind` is what it was taken for. */
	readonly bad: boolean;
}

const BYTE_ORDER_MARK = 0xfeff;

/** Steps over the next character. */
function step(place: Place, source: string): void {
	if (place.at >= source.length) {
		place.code = -1;
		place.width = 1;
		place.at = source.length + 1;
		return;
	}
	const code = source.codePointAt(place.at) ?? 0;
	// A lone surrogate stands for a byte that is no UTF-8.
	if (code === 0 || (code >= 0xd800 && code <= 0xdfff) || (code === BYTE_ORDER_MARK && place.at > 0)) {
		place.bad = true;
	}
	place.code = code;
	place.width = code > 0xffff ? 2 : 1;
	place.at += place.width;
	if (code === 0x0a) {
		place.row++;
		place.column = 0;
	} else place.column++;
}

/** Before the first character, or behind the mark that a text may start with. */
export function startOf(source: string, keywords: Set<string>): Place {
	const place: Place = { at: 0, code: -1, width: 0, row: 1, column: 0, bad: false, keywords };
	step(place, source);
	if (place.code === BYTE_ORDER_MARK) step(place, source);
	return place;
}

const isDecimal = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isLetter = (code: number): boolean =>
	(code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
const isDigit = (code: number): boolean =>
	isDecimal(code) || (code >= 0x80 && /^\p{Nd}$/u.test(String.fromCodePoint(code)));
const isSpace = (code: number): boolean => code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;

const PAIRS: ReadonlySet<string> = new Set([":=", "==", ">=", "<=", "!="]);
const SIGNS: ReadonlySet<string> = new Set("[]{}(),:+-*/%&|=><.;");

/** What was scanned, and whether it is as it should be. */
interface Scanned {
	readonly kind: TokenKind;
	readonly good?: boolean;
	/** Where it is not what stands in the source. */
	readonly text?: string;
}

function steps(place: Place, source: string, while_: (code: number) => boolean): boolean {
	const start = place.at;
	while (while_(place.code)) step(place, source);
	return place.at > start;
}

function scanNumber(place: Place, source: string): Scanned {
	let good = true;
	steps(place, source, isDecimal);
	if (place.code === 0x2e) {
		step(place, source);
		good = steps(place, source, isDecimal);
	}
	if ((place.code | 0x20) === 0x65) {
		step(place, source);
		if (place.code === 0x2b || place.code === 0x2d) step(place, source);
		good = steps(place, source, isDecimal) && good;
	}
	if (!isLetter(place.code)) return { kind: "number", good };
	steps(place, source, (code) => isLetter(code) || isDigit(code));
	return { kind: "number", good: false };
}

const ESCAPES: ReadonlySet<number> = new Set([...'\\"/bfnrt'].map((char) => char.charCodeAt(0)));

/** After a backslash; false where nothing may be escaped so. Which digits follow `u` shows when the text is read. */
function scanEscape(place: Place, source: string): boolean {
	if (ESCAPES.has(place.code)) step(place, source);
	else if (place.code === 0x75) for (let i = 0; i < 4; i++) step(place, source);
	else return false;
	return true;
}

function scanString(place: Place, source: string): Scanned {
	let good = true;
	for (;;) {
		const { code } = place;
		if (code === 0x0a || code < 0) return { kind: "string", good: false };
		step(place, source);
		if (code === 0x22) return { kind: "string", good };
		if (code === 0x5c) good = scanEscape(place, source) && good;
	}
}

function scanRawString(place: Place, source: string): Scanned {
	for (;;) {
		const { code } = place;
		step(place, source);
		if (code === 0x60) return { kind: "string" };
		if (code < 0) return { kind: "string", good: false };
	}
}

/** One part of a template string, up to the brace of an expression or to the end; `\{` is a brace. */
function scanTemplate(place: Place, source: string, raw: boolean): Scanned {
	const start = place.at - place.width - 1;
	const quote = raw ? 0x60 : 0x22;
	const kind = (whole: boolean): TemplateKind =>
		raw ? (whole ? "raw template end" : "raw template part") : whole ? "template end" : "template part";
	const kept: string[] = [];
	let from = start;
	let good = true;
	const done = (whole: boolean): Scanned => {
		kept.push(source.slice(from, place.at - place.width));
		return { kind: kind(whole), good, text: kept.join("") };
	};
	for (;;) {
		const { code } = place;
		if (code < 0 || (code === 0x0a && !raw)) {
			good = false;
			return done(false);
		}
		step(place, source);
		if (code === quote) return done(true);
		if (code === 0x7b) return done(false);
		if (code !== 0x5c) continue;
		if (place.code === 0x7b) {
			kept.push(source.slice(from, place.at - 2));
			from = place.at - 1;
			step(place, source);
		} else if (!raw) good = scanEscape(place, source) && good;
	}
}

/** A sign of one character or two. */
function scanSign(place: Place, source: string, code: number): Scanned {
	if (code < 0) return { kind: "end" };
	const char = String.fromCodePoint(code);
	if (char === "$" && (place.code === 0x22 || place.code === 0x60)) {
		const raw = place.code === 0x60;
		step(place, source);
		return scanTemplate(place, source, raw);
	}
	if (place.code === 0x3d && PAIRS.has(`${char}=`)) {
		step(place, source);
		return { kind: `${char}=` as Sign };
	}
	// Some are no tokens, which the parser finds out; of the others OPA complains at once.
	if (!SIGNS.has(char)) return { kind: "illegal", good: !"!$\u00a0".includes(char) };
	return { kind: char as Sign };
}

function scanAny(place: Place, source: string): Scanned {
	const { code } = place;
	if (isSpace(code)) {
		step(place, source);
		return { kind: "space" };
	}
	if (isLetter(code)) {
		const start = place.at - 1;
		steps(place, source, (next) => isLetter(next) || isDigit(next));
		const text = source.slice(start, place.at - place.width);
		return { kind: place.keywords.has(text) ? (text as Keyword) : "name" };
	}
	if (isDecimal(code)) return scanNumber(place, source);
	step(place, source);
	if (code === 0x22) return scanString(place, source);
	if (code === 0x60) return scanRawString(place, source);
	if (code !== 0x23) return scanSign(place, source, code);
	steps(place, source, (next) => next !== 0x0a && next !== -1);
	return { kind: "comment" };
}

/** Kinds whose text is the word of the token. */
const WORDLESS: ReadonlySet<string> = new Set<string>([...SIGNS, ...PAIRS, "end", "illegal"]);

/** The next token. `within`: the rest of a template string, whose expression just ended. */
export function scanToken(place: Place, source: string, within?: "template" | "raw template"): Token {
	const start = place.at - place.width;
	const { row, column } = place;
	const scanned =
		within === undefined ? scanAny(place, source) : scanTemplate(place, source, within === "raw template");
	const end = place.at - place.width;
	const text = scanned.text ?? (WORDLESS.has(scanned.kind) ? "" : source.slice(start, end));
	const bad = scanned.good === false || place.bad;
	place.bad = false;
	return { kind: scanned.kind, text, start, end, row, column, bad };
}

/**
 * A comment's bytes without `#` and the carriage return of its line. Of the last character of a text OPA keeps one byte
 * when no line follows.
 */
export function commentBytes(source: string, { start, end }: Token): Buffer | undefined {
	const bytes = bytesOf(source.slice(start + 1, end));
	const last = end >= source.length ? Buffer.byteLength([...source.slice(-2)].at(-1) ?? "", "utf8") : 1;
	const whole = bytes.subarray(0, bytes.length - (last - 1));
	if (whole.length === 1 && whole[0] === 0x0d) return undefined;
	let length = whole.length;
	while (length > 1 && whole[length - 1] === 0x0d) length--;
	return whole.subarray(0, length);
}
