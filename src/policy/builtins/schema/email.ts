import { parseAddress } from "../net/ip.ts";
import { wordKind } from "./encoded-word.ts";

interface Reading {
	readonly text: string;
	at: number;
}

const peek = ({ text, at }: Reading): string => text[at] ?? "";

const isEnded = ({ text, at }: Reading): boolean => at >= text.length;

function take(reading: Reading, char: string): boolean {
	if (peek(reading) !== char) return false;
	reading.at++;
	return true;
}

const isSpace = (char: string): boolean => char === " " || char === "\t";

/** What is visible; beyond ASCII that is everything (RFC 6532). */
const isVisible = (char: string): boolean => (char >= "!" && char <= "~") || char >= "\x80";

const isAtomText = (char: string): boolean => isVisible(char) && !'()<>[]:;@\\,"'.includes(char);

function skipSpaces(reading: Reading): void {
	while (isSpace(peek(reading))) reading.at++;
}

/** The text of a comment whose bracket was taken; `undefined` where it does not end. */
function comment(reading: Reading): string | undefined {
	let depth = 1;
	let text = "";
	while (!isEnded(reading) && depth > 0) {
		const last = reading.at === reading.text.length - 1;
		if (peek(reading) === "\\" && !last) reading.at++;
		else if (peek(reading) === "(") depth++;
		else if (peek(reading) === ")") depth--;
		if (depth > 0) text += peek(reading);
		reading.at++;
	}
	return depth === 0 ? text : undefined;
}

/** Spaces and comments; false for a comment that does not end. */
function skipComments(reading: Reading): boolean {
	skipSpaces(reading);
	while (take(reading, "(")) {
		if (comment(reading) === undefined) return false;
		skipSpaces(reading);
	}
	return true;
}

function atom(reading: Reading): string {
	const start = reading.at;
	while (isAtomText(peek(reading))) reading.at++;
	return reading.text.slice(start, reading.at);
}

const isDotAtom = (text: string): boolean =>
	text !== "" && !text.startsWith(".") && !text.endsWith(".") && !text.includes("..");

/** A quoted string: its length; `undefined`, and nothing read, for none. */
function quoted(reading: Reading): number | undefined {
	const { text } = reading;
	let length = 0;
	for (let at = reading.at + 1; at < text.length; at++) {
		const char = text[at] as string;
		if (char === '"') {
			reading.at = at + 1;
			return length;
		}
		if (char === "\\") at++;
		const shown = text[at] ?? "";
		if (!isVisible(shown) && !isSpace(shown)) return undefined;
		length++;
	}
	return undefined;
}

/** An address in brackets, which is one of the Internet. */
function domainLiteral(reading: Reading): boolean {
	const start = reading.at + 1;
	const end = reading.text.indexOf("]", start);
	if (end < 0) return false;
	reading.at = end + 1;
	return parseAddress(reading.text.slice(start, end)) !== undefined;
}

/** `local@domain`. */
function bareAddress(reading: Reading): boolean {
	skipSpaces(reading);
	const local = peek(reading) === '"' ? (quoted(reading) ?? 0) > 0 : isDotAtom(atom(reading));
	if (!local || !take(reading, "@")) return false;
	skipSpaces(reading);
	return peek(reading) === "[" ? domainLiteral(reading) : isDotAtom(atom(reading));
}

/** One word of a name; `undefined` for none, and for one that is refused. */
function word(reading: Reading): "encoded" | "empty" | "plain" | undefined {
	if (peek(reading) === '"') return quoted(reading) === undefined ? undefined : "plain";
	const text = atom(reading);
	const kind = text === "" ? "refused" : wordKind(text);
	return kind === "refused" ? undefined : kind;
}

/** The words before an address in angle brackets. After the first what is no word ends them. */
function phrase(reading: Reading): boolean {
	let words = false;
	let plain = false;
	for (;;) {
		// Encoded words are not done before a plain one comes: comments may not part them.
		if (plain && !skipComments(reading)) return false;
		skipSpaces(reading);
		if (isEnded(reading)) return true;
		const kind = word(reading);
		if (kind === undefined) return words;
		words ||= kind !== "empty";
		plain ||= kind === "plain";
	}
}

/** After an address a comment may give the name. */
function nameComment(reading: Reading): boolean {
	if (!take(reading, "(")) return true;
	const text = comment(reading);
	return text?.split(/[ \t]+/).every((part) => wordKind(part) !== "refused") ?? false;
}

/** The addresses of a group, up to its semicolon: how many; `undefined` for no group. */
function group(reading: Reading): number | undefined {
	skipSpaces(reading);
	let count = 0;
	while (!take(reading, ";")) {
		if (count > 0 && !take(reading, ",")) return undefined;
		if (address(reading, false) === undefined || !skipComments(reading)) return undefined;
		count++;
	}
	return skipComments(reading) ? count : undefined;
}

/** How many addresses there are: one, or those of a group; `undefined` for none. */
function address(reading: Reading, groups: boolean): number | undefined {
	skipSpaces(reading);
	if (isEnded(reading)) return undefined;
	const start = reading.at;
	if (bareAddress(reading)) {
		skipSpaces(reading);
		return nameComment(reading) ? 1 : undefined;
	}
	reading.at = start;
	if (peek(reading) !== "<" && !phrase(reading)) return undefined;
	skipSpaces(reading);
	if (groups && take(reading, ":")) return group(reading);
	return take(reading, "<") && bareAddress(reading) && take(reading, ">") ? 1 : undefined;
}

/** Whether Go's `mail.ParseAddress` (RFC 5322) reads it as one address, with a name or without. */
export function isEmail(text: string): boolean {
	const reading = { text, at: 0 };
	return address(reading, true) === 1 && skipComments(reading) && isEnded(reading);
}
