import type { RE2JS } from "re2js";
import { MAX_TEXT, tooLarge } from "../bounds.ts";
import { findAll, type Match } from "./regexp.ts";

/** A reference after `$`: `$$`, `$name` with the longest name possible, or `${name}`. */
const REFERENCE = /^(?:\$|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/u;

/** A number without leading zeros, below what Go counts up to. */
const GROUP_NUMBER = /^(?:0|[1-9]\d{0,8})$/;

type Piece = string | { readonly group: number };

/** Go's `Expand` template, read once: texts and the numbers of the groups between them. */
function readTemplate(template: string, regexp: RE2JS): readonly Piece[] {
	const names = regexp.namedGroups();
	const pieces: Piece[] = [];
	let rest = template;
	for (;;) {
		const dollar = rest.indexOf("$");
		if (dollar < 0) break;
		pieces.push(rest.slice(0, dollar));
		rest = rest.slice(dollar + 1);
		const reference = REFERENCE.exec(rest);
		if (reference === null || reference[0] === "$") {
			pieces.push("$");
			rest = rest.slice(reference === null ? 0 : 1);
			continue;
		}
		rest = rest.slice(reference[0].length);
		const name = reference[1] ?? reference[2] ?? "";
		const group = GROUP_NUMBER.test(name)
			? Number(name)
			: Object.hasOwn(names, name)
				? names[name]
				: undefined;
		if (group !== undefined) pieces.push({ group });
	}
	pieces.push(rest);
	return pieces.filter((piece) => piece !== "");
}

function expand(pieces: readonly Piece[], text: string, match: Match): string {
	let expanded = "";
	for (const piece of pieces) {
		if (typeof piece === "string") expanded += piece;
		else {
			const [start, end] = match[piece.group] ?? [-1, -1];
			if (start >= 0) expanded += text.slice(start, end);
		}
	}
	return expanded;
}

/** Go's `ReplaceAllString`. @throws {RangeError} when the result would be too large. */
export function replaceAll(regexp: RE2JS, text: string, template: string): string {
	const pieces = readTemplate(template, regexp);
	const groups = pieces.some((piece) => typeof piece !== "string" && piece.group > 0);
	let replaced = "";
	let end = 0;
	for (const match of findAll(regexp, text, -1, groups)) {
		const [from, to] = match[0] ?? [0, 0];
		replaced += text.slice(end, from) + expand(pieces, text, match);
		if (replaced.length > MAX_TEXT) throw tooLarge("regex.replace");
		end = to;
	}
	return replaced + text.slice(end);
}
