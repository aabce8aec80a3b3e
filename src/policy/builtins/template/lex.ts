/** A template that OPA would refuse: at parsing, or while it is rendered. */
export class TemplateError extends Error {}

/** What OPA renders and this host does not. */
export const unsupported = (what: string): Error =>
	new Error(`strings.render_template: ${what} is not supported`);

export interface Token {
	readonly kind: "word" | "field" | "variable" | "string" | "int" | "dot" | "punctuation" | "space";
	readonly text: string;
}

/** A piece of a template: literal text, or the tokens of an action. */
export type Piece = { readonly text: string } | { readonly action: readonly Token[] };

const TOKENS: readonly (readonly [kind: Token["kind"], form: RegExp])[] = [
	["space", /[ \t\r\n]+/y],
	["field", /\.[\p{L}_][\p{L}\p{Nd}_]*/uy],
	["variable", /\$(?:[\p{L}\p{Nd}_]*)/uy],
	["word", /[\p{L}_][\p{L}\p{Nd}_]*/uy],
	["int", /[+-]?(?:0|[1-9][0-9]{0,17})(?![\p{L}\p{Nd}_.])/uy],
	["string", /"(?:[^"\\\n]|\\["\\ntr])*"|`[^`]*`/y],
	["punctuation", /:=|[=|(),]/y],
	["dot", /\.(?![0-9])/y],
];

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", '"': '"', "\\": "\\" };

const unquote = (text: string): string =>
	text.startsWith("`")
		? text.slice(1, -1).replaceAll("\r", "")
		: text.slice(1, -1).replace(/\\(.)/g, (_found, char: string) => ESCAPES[char] ?? char);

/** Whether a token may not touch what follows: Go wants a space or a bracket there. */
const TERMINATED = new Set(["field", "variable", "word", "int"]);
const TERMINATOR = /^[ \t\r\n.,|:)(]|^$/;

function tokensOf(action: string): readonly Token[] {
	const tokens: Token[] = [];
	let at = 0;
	while (at < action.length) {
		let found: Token | undefined;
		for (const [kind, form] of TOKENS) {
			form.lastIndex = at;
			const match = form.exec(action);
			if (match === null) continue;
			found = { kind, text: kind === "string" ? unquote(match[0]) : match[0] };
			at += match[0].length;
			break;
		}
		if (found === undefined) throw unsupported(`the action ${JSON.stringify(action)}`);
		if (TERMINATED.has(found.kind) && !TERMINATOR.test(action.slice(at, at + 1)) && action[at] !== "=") {
			throw unsupported(`the action ${JSON.stringify(action)}`);
		}
		tokens.push(found);
	}
	return tokens;
}

/** Where the action that starts at `from` ends: at `}}` outside of texts in quotes. */
function endOf(template: string, from: number): number {
	const inside = /"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`|\}\}|["`'\n]/g;
	inside.lastIndex = from;
	for (let match = inside.exec(template); match !== null; match = inside.exec(template)) {
		if (match[0] === "}}") return match.index;
		if (match[0] === "'") throw unsupported("a character in quotes");
		if (match[0] === '"' || match[0] === "`") throw new TemplateError("unterminated quoted string");
	}
	throw new TemplateError("unclosed action");
}

const BLANK_END = /[ \t\r\n]+$/;
const BLANK_START = /^[ \t\r\n]+/;

/** Splits a template into texts and actions; `{{-` and `-}}` take the blanks beside them away. */
export function piecesOf(template: string): readonly Piece[] {
	const pieces: Piece[] = [];
	let at = 0;
	let trim = false;
	for (;;) {
		const open = template.indexOf("{{", at);
		let text = template.slice(at, open < 0 ? template.length : open);
		if (trim) text = text.replace(BLANK_START, "");
		if (open < 0) {
			pieces.push({ text });
			return pieces;
		}
		const trimLeft = /^\{\{-[ \t\r\n]/.test(template.slice(open, open + 4));
		if (trimLeft) text = text.replace(BLANK_END, "");
		if (text !== "") pieces.push({ text });
		const start = open + (trimLeft ? 3 : 2);
		const comment = /^[ \t\r\n]?\/\*/.exec(template.slice(start, start + 3));
		if (comment !== null) {
			const close = template.indexOf("*/", start);
			const end = /^\*\/([ \t\r\n]-)?\}\}/.exec(template.slice(close, close + 6));
			if (close < 0 || end === null || (comment[0].length === 3 && !trimLeft))
				throw new TemplateError("bad comment");
			trim = end[1] !== undefined;
			at = close + end[0].length;
			continue;
		}
		const close = endOf(template, start);
		const action = template.slice(start, close);
		trim = /[ \t\r\n]-$/.test(action);
		pieces.push({ action: tokensOf(trim ? action.slice(0, -2) : action) });
		at = close + 2;
	}
}
