/** One `%` of a format, as Go's `fmt` has read it. Absent width and precision are not those of 0. */
export interface Directive {
	readonly sharp: boolean;
	readonly zero: boolean;
	readonly plus: boolean;
	readonly minus: boolean;
	readonly space: boolean;
	readonly width: number | undefined;
	readonly precision: number | undefined;
	readonly verb: string;
}

/** `%v`, and nothing more. */
export const PLAIN: Directive = {
	sharp: false,
	zero: false,
	plus: false,
	minus: false,
	space: false,
	width: undefined,
	precision: undefined,
	verb: "v",
};

/** `count` characters of padding: zeros only where they are asked for and go to the left. */
export const padding = (count: number, { zero, minus }: Directive): string =>
	count <= 0 ? "" : (zero && !minus ? "0" : " ").repeat(count);

/** Fills a text up to the directive's width. A code point counts as one, and so does a byte that is no text. */
export function pad(text: string, directive: Directive): string {
	const { width = 0, minus } = directive;
	if (width === 0) return text;
	const fill = padding(width - [...text].length, directive);
	return minus ? text + fill : fill + text;
}

/** As `pad`, with spaces whatever the directive says. */
export const padWithSpaces = (text: string, directive: Directive): string =>
	pad(text, { ...directive, zero: false });
