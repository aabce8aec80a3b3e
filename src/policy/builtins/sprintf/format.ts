import { MAX_TEXT, tooLarge } from "../bounds.ts";
import type { Directive } from "./directive.ts";

/** What stands behind a `%`, and what Go's `fmt` complains about there. */
export interface FormatHost<Argument> {
	/** The whole number that a `*` takes as width or precision; undefined for an argument that is none. */
	readonly count: (argument: Argument) => number | undefined;
	readonly show: (argument: Argument, directive: Directive) => string;
	/** What follows a text that did not use all of its arguments. */
	readonly extra: (unused: readonly Argument[]) => string;
}

/** Go's own bound of a width, a precision and an index. */
const MAX_NUMBER = 1_000_000;

interface Index {
	readonly at: number;
	readonly argument: number;
	/** A well-formed `[n]` stood there. */
	readonly found: boolean;
	readonly good: boolean;
}

/** The digits at `at`; no number where there are none or they say too much, and then all up to `end` is passed over. */
function readNumber(text: string, at: number, end = text.length): readonly [number | undefined, number] {
	let value = 0;
	let next = at;
	for (; next < end; next++) {
		const digit = text.charCodeAt(next) - 0x30;
		if (!(digit >= 0 && digit <= 9)) break;
		if (value > MAX_NUMBER) return [undefined, end];
		value = value * 10 + digit;
	}
	return [next > at ? value : undefined, next];
}

/** An explicit argument index, `[n]`, if there is one at `at`. */
function readIndex(text: string, at: number, argument: number, count: number): Index {
	if (text[at] !== "[") return { at, argument, found: false, good: true };
	const close = text.length - at < 3 ? -1 : text.indexOf("]", at + 1);
	if (close < 0) return { at: at + 1, argument, found: false, good: false };
	const [value, next] = readNumber(text, at + 1, close);
	if (value === undefined || next !== close) return { at: close + 1, argument, found: false, good: false };
	const good = value >= 1 && value <= count;
	return { at: close + 1, argument: good ? value - 1 : argument, found: true, good };
}

type Flags = { -readonly [flag in "sharp" | "zero" | "plus" | "minus" | "space"]: boolean };
const FLAG: Readonly<Record<string, keyof Flags>> = {
	"#": "sharp",
	"0": "zero",
	"+": "plus",
	"-": "minus",
	" ": "space",
};

/** The code point at `at`; U+FFFD for a byte that is no text. */
function verbAt(text: string, at: number): readonly [verb: string, length: number] {
	const point = String.fromCodePoint(text.codePointAt(at) ?? 0);
	return [/^\p{Surrogate}$/u.test(point) ? "\ufffd" : point, point.length];
}

/** Walks a format as `fmt.Sprintf` of Go does, errors in the text included. */
export function formatText<Argument>(
	text: string,
	args: readonly Argument[],
	host: FormatHost<Argument>,
): string {
	const parts: string[] = [];
	let written = 0;
	let next = 0;
	let reordered = false;
	let at = 0;

	function write(part: string): void {
		written += part.length;
		if (written > MAX_TEXT) throw tooLarge("sprintf");
		parts.push(part);
	}

	/** A `*`: its argument's value, when that is a number of reasonable size. */
	function star(): number | undefined {
		const argument = args[next];
		if (next >= args.length || argument === undefined) return undefined;
		next++;
		const value = host.count(argument);
		return value === undefined || Math.abs(value) > MAX_NUMBER ? undefined : value;
	}

	function index(): Index {
		const found = readIndex(text, at, next, args.length);
		if (text[at] === "[") reordered = true;
		at = found.at;
		next = found.argument;
		return found;
	}

	function directiveAt(): void {
		const flags: Flags = { sharp: false, zero: false, plus: false, minus: false, space: false };
		for (let flag = FLAG[text[at] ?? ""]; flag !== undefined; flag = FLAG[text[at] ?? ""]) {
			flags[flag] = true;
			at++;
		}
		let { good, found: afterIndex } = index();
		let width: number | undefined;
		let precision: number | undefined;
		if (text[at] === "*") {
			at++;
			width = star();
			if (width === undefined) write("%!(BADWIDTH)");
			else if (width < 0) {
				width = -width;
				flags.minus = true;
				flags.zero = false;
			}
			afterIndex = false;
		} else {
			[width, at] = readNumber(text, at);
			if (afterIndex && width !== undefined) good = false;
		}
		if (text[at] === "." && at + 1 < text.length) {
			at++;
			if (afterIndex) good = false;
			const before = index();
			good &&= before.good;
			afterIndex = before.found;
			if (text[at] === "*") {
				at++;
				precision = star();
				if (precision !== undefined && precision < 0) precision = undefined;
				if (precision === undefined) write("%!(BADPREC)");
				afterIndex = false;
			} else {
				[precision, at] = readNumber(text, at);
				precision ??= 0;
			}
		}
		if (!afterIndex) good = index().good && good;
		if (at >= text.length) {
			write("%!(NOVERB)");
			return;
		}
		const [verb, length] = verbAt(text, at);
		at += length;
		const argument = args[next];
		if (verb === "%") write("%");
		else if (!good) write(`%!${verb}(BADINDEX)`);
		else if (argument === undefined) write(`%!${verb}(MISSING)`);
		else {
			next++;
			write(host.show(argument, { ...flags, width, precision, verb }));
		}
	}

	for (let percent = text.indexOf("%"); percent >= 0; percent = text.indexOf("%", at)) {
		write(text.slice(at, percent));
		at = percent + 1;
		directiveAt();
	}
	write(text.slice(at));
	// Who names arguments by number may well leave some out.
	if (!reordered && next < args.length) write(host.extra(args.slice(next)));
	return parts.join("");
}
