import { RE2JS } from "re2js";
import { goRegexp } from "./go/regexp.ts";

/** Where the delimited parts start and end, delimiters included; `undefined` when they are not balanced. */
function delimited(
	template: string,
	open: string,
	close: string,
): readonly (readonly [number, number])[] | undefined {
	const parts: [number, number][] = [];
	let level = 0;
	let start = 0;
	for (let i = 0; i < template.length; i++) {
		if (template[i] === open) {
			if (++level === 1) start = i;
		} else if (template[i] === close) {
			if (--level === 0) parts.push([start, i + 1]);
			else if (level < 0) return undefined;
		}
	}
	return level === 0 ? parts : undefined;
}

/**
 * A template, literal but for the delimited expressions, as one pattern over the whole text. `undefined` for a bad
 * template, a bad expression in it, or a delimiter that is not one byte.
 */
export function templateRegexp(template: string, open: string, close: string): RE2JS | undefined {
	if (Buffer.byteLength(open) !== 1 || Buffer.byteLength(close) !== 1) return undefined;
	const parts = delimited(template, open, close);
	if (parts === undefined) return undefined;
	let pattern = "^";
	let end = 0;
	for (const [from, to] of parts) {
		const expression = template.slice(from + 1, to - 1);
		// Each must be an expression of its own: `a)(b` is none, though it is one between parentheses.
		if (goRegexp(`^${expression}$`) === undefined) return undefined;
		pattern += `${RE2JS.quote(template.slice(end, from))}(${expression})`;
		end = to;
	}
	return goRegexp(`${pattern}${RE2JS.quote(template.slice(end))}$`);
}
