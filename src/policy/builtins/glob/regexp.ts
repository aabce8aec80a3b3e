import { isWellFormed } from "../../term/byte-string.ts";

/*
 * Globs as OPA's library reads them, as regular expressions: `*` and `?` stop at separators, `**` does not, `[a-c]`,
 * `[!abc]`, `{a,b}`. Braces and brackets that close nothing, and commas outside braces, are plain characters.
 */

const hex = (char: string): string => `\\x{${(char.codePointAt(0) ?? 0).toString(16)}}`;

const quote = (text: string): string => Array.from(text, hex).join("");

interface Cursor {
	readonly chars: readonly string[];
	at: number;
}

/** Literal characters up to one of `stops`, escapes resolved; `undefined` when the last is a backslash. */
function readText(cursor: Cursor, stops: string): string | undefined {
	let text = "";
	while (cursor.at < cursor.chars.length) {
		let char = cursor.chars[cursor.at] as string;
		if (stops.includes(char)) break;
		if (char === "\\") {
			const next = cursor.chars[++cursor.at];
			if (next === undefined) return undefined;
			char = next;
		}
		text += char;
		cursor.at++;
	}
	return text;
}

/** A character class after its `[`: one range, or a list in which `-` is plain. */
function readClass(cursor: Cursor): string | undefined {
	const { chars } = cursor;
	const negated = chars[cursor.at] === "!";
	if (negated) cursor.at++;
	const low = chars[cursor.at];
	let members: string;
	if (low !== undefined && chars[cursor.at + 1] === "-") {
		const high = chars[cursor.at + 2];
		if (high === undefined || (high.codePointAt(0) ?? 0) < (low.codePointAt(0) ?? 0)) return undefined;
		members = `${hex(low)}-${hex(high)}`;
		cursor.at += 3;
	} else {
		const text = readText(cursor, "]");
		if (text === undefined || text === "") return undefined;
		members = quote(text);
	}
	if (chars[cursor.at] !== "]") return undefined;
	cursor.at++;
	return `[${negated ? "^" : ""}${members}]`;
}

/**
 * A regular expression (RE2 syntax, for the whole text) that matches what a glob matches; `undefined` for a bad glob.
 * @param separators - one character each
 */
export function globRegexp(glob: string, separators: readonly string[]): string | undefined {
	if (!isWellFormed(glob)) return undefined;
	const any = separators.length === 0 ? "(?s:.)" : `[^${separators.map(hex).join("")}]`;
	const cursor: Cursor = { chars: [...glob], at: 0 };
	const { chars } = cursor;
	let result = "";
	let depth = 0;
	while (cursor.at < chars.length) {
		const char = chars[cursor.at] as string;
		const plain = !"*?[{".includes(char) && (depth === 0 || !",}".includes(char));
		if (plain) {
			const text = readText(cursor, depth === 0 ? "?*[{" : "?*[{},");
			if (text === undefined) return undefined;
			result += quote(text);
			continue;
		}
		cursor.at++;
		if (char === "[") {
			const members = readClass(cursor);
			if (members === undefined) return undefined;
			result += members;
		} else if (char === "*") {
			const all = chars[cursor.at] === "*";
			if (all) cursor.at++;
			result += `${all ? "(?s:.)" : any}*`;
		} else if (char === "?") result += any;
		else if (char === "{") {
			depth++;
			result += "(?:";
		} else if (char === ",") result += "|";
		else {
			depth--;
			result += ")";
		}
	}
	return depth === 0 ? result : undefined;
}
