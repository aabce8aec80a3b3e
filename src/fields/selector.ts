import type { Selector, Step } from "./types.ts";
import { isWellFormed } from "./well-formed.ts";

export type SelectorResult =
	| { readonly ok: true; readonly selector: Selector }
	| { readonly ok: false; readonly message: string };

const NAME = /[A-Za-z_\u0080-\ud7ff\ue000-\u{10ffff}][A-Za-z0-9_\u0080-\ud7ff\ue000-\u{10ffff}]*/uy;
const CLASS = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
const INDEX = /(?:0|[1-9][0-9]*)/y;
const ESCAPES: ReadonlyMap<string, string> = new Map([
	["b", "\b"],
	["f", "\f"],
	["n", "\n"],
	["r", "\r"],
	["t", "\t"],
	["/", "/"],
	["\\", "\\"],
]);

/**
 * Reads one selector: a JSONPath text of the streamable part of RFC 9535, a `class:` text, or an array of
 * literal names and indexes (the form for names that come from data, which nothing has to quote).
 */
export function parseSelector(value: unknown): SelectorResult {
	if (Array.isArray(value)) return parseLiteral(value);
	if (typeof value !== "string") return bad("a selector is a string or an array of names and indexes");
	if (!isWellFormed(value))
		return bad(`${quote(value)}: a lone surrogate matches no text that can be written`);
	if (value.startsWith("class:")) {
		const name = value.slice("class:".length);
		if (!CLASS.test(name)) return bad(`${quote(value)}: a class is dotted names of letters, digits, _ and -`);
		return { ok: true, selector: { kind: "class", name } };
	}
	return parsePath(value);
}

function parsePath(text: string): SelectorResult {
	if (text[0] !== "$") return bad(`${quote(text)} starts with neither $ nor class:`);
	const steps: Step[] = [];
	let at = 1;
	while (at < text.length) {
		const descend = text.startsWith("..", at);
		const dotted = text[at] === ".";
		let next = descend ? at + 2 : dotted ? at + 1 : at;
		if (text[next] === "[" && (descend || !dotted)) {
			const inner = readBracket(text, next + 1, descend);
			if (typeof inner === "string") return bad(`${quote(text)} at ${next}: ${inner}`);
			steps.push(inner.step);
			next = inner.end;
			if (text[next] !== "]") return bad(`${quote(text)} at ${next}: expected ]`);
			at = next + 1;
			continue;
		}
		if (!dotted) return bad(`${quote(text)} at ${at}: expected . or [`);
		if (text[next] === "*") {
			steps.push({ kind: "any", descend });
			at = next + 1;
			continue;
		}
		const name = match(NAME, text, next);
		if (name === undefined) return bad(`${quote(text)} at ${next}: expected a name or *`);
		steps.push({ kind: "name", name, descend });
		at = next + name.length;
	}
	return { ok: true, selector: { kind: "path", steps } };
}

function readBracket(text: string, at: number, descend: boolean): { step: Step; end: number } | string {
	const c = text[at];
	if (c === "*") return { step: { kind: "any", descend }, end: at + 1 };
	if (c === "'" || c === '"') {
		const quoted = readQuoted(text, at + 1, c);
		if (typeof quoted === "string") return quoted;
		return { step: { kind: "name", name: quoted.name, descend }, end: quoted.end };
	}
	const digits = match(INDEX, text, at);
	if (digits === undefined) return "expected a quoted name, a non-negative index or *";
	if (descend) return "an index cannot follow ..";
	const index = Number(digits);
	if (!Number.isSafeInteger(index)) return "an index is at most 2^53-1";
	return { step: { kind: "index", index }, end: at + digits.length };
}

/** The quoted names of RFC 9535 section 2.3.1.1. */
function readQuoted(text: string, start: number, quoteMark: string): { name: string; end: number } | string {
	let name = "";
	let at = start;
	while (at < text.length) {
		const c = text[at]!;
		if (c === quoteMark) {
			if (!isWellFormed(name)) return "a lone surrogate matches no text that can be written";
			return { name, end: at + 1 };
		}
		if (c < " ") return "a control character must be escaped";
		if (c !== "\\") {
			name += c;
			at++;
			continue;
		}
		const e = text[at + 1] ?? "";
		if (e === "u") {
			const hex = text.slice(at + 2, at + 6);
			if (!/^[0-9A-Fa-f]{4}$/.test(hex)) return "\\u needs four hexadecimal digits";
			name += String.fromCharCode(Number.parseInt(hex, 16));
			at += 6;
			continue;
		}
		const plain = e === quoteMark ? e : ESCAPES.get(e);
		if (plain === undefined) return `unknown escape \\${e}`;
		name += plain;
		at += 2;
	}
	return "the quoted name does not end";
}

function parseLiteral(items: readonly unknown[]): SelectorResult {
	// An empty list is what a template gives when its data is missing; it must not mean the whole body.
	if (items.length === 0)
		return bad("an array selector needs at least one name or index; the root is written $");
	const steps: Step[] = [];
	for (const [at, item] of items.entries()) {
		if (typeof item === "string") {
			if (!isWellFormed(item)) return bad(`item ${at}: a lone surrogate matches no text that can be written`);
			// A selector text wrapped in an array is a slip of the pen that would match nothing, and so
			// release what it meant to withhold.
			if (at === 0 && (/^\$(?:$|[.[])/.test(item) || item.startsWith("class:"))) {
				return bad(`item 0: ${quote(item)} is a selector text, not a literal name; take it out of the array`);
			}
			steps.push({ kind: "name", name: item, descend: false });
		} else if (typeof item === "number") {
			if (!Number.isSafeInteger(item) || item < 0)
				return bad(`item ${at}: an index is an integer from 0 to 2^53-1`);
			steps.push({ kind: "index", index: item });
		} else if (isAny(item)) {
			steps.push({ kind: "any", descend: false });
		} else return bad(`item ${at}: expected a name, a non-negative index or {"any": true}`);
	}
	return { ok: true, selector: { kind: "path", steps } };
}

function isAny(item: unknown): boolean {
	if (typeof item !== "object" || item === null || Array.isArray(item)) return false;
	const keys = Object.keys(item);
	return keys.length === 1 && keys[0] === "any" && (item as { any: unknown }).any === true;
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
	pattern.lastIndex = at;
	return pattern.exec(text)?.[0];
}

function bad(message: string): SelectorResult {
	return { ok: false, message };
}

function quote(text: string): string {
	return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
