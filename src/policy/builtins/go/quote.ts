const SHORT: Readonly<Record<string, string>> = {
	"\x07": "\\a",
	"\b": "\\b",
	"\f": "\\f",
	"\n": "\\n",
	"\r": "\\r",
	"\t": "\\t",
	"\v": "\\v",
	"\\": "\\\\",
};

/** Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols, and the ASCII space alone. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, "0");

/** Go's `unicode.IsPrint` of one code point. */
export const isPrint = (point: string): boolean => PRINTABLE.test(point);

function escaped(point: string, mark: string, ascii: boolean): string {
	const code = point.codePointAt(0) ?? 0;
	if (point === mark) return `\\${mark}`;
	const short = SHORT[point];
	if (short !== undefined) return short;
	// A lone surrogate stands for one byte that is no part of UTF-8.
	if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hex(code - 0xdc00, 2)}`;
	if (isPrint(point) && (code < 0x80 || !ascii)) return point;
	if (code < 0x80) return `\\x${hex(code, 2)}`;
	return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

/** A text as Go's `strconv.Quote` writes it, or `strconv.QuoteToASCII`. */
export function goQuote(text: string, ascii = false): string {
	let quoted = '"';
	for (const point of text) quoted += escaped(point, '"', ascii);
	return `${quoted}"`;
}

/** One code point as Go's `strconv.QuoteRune` writes it, or `strconv.QuoteRuneToASCII`. */
export const goQuoteRune = (point: string, ascii: boolean): string => `'${escaped(point, "'", ascii)}'`;

/** Go's `strconv.CanBackquote`: whether a text can stand between back quotes as it is. */
export function canBackquote(text: string): boolean {
	for (const point of text) {
		const code = point.codePointAt(0) ?? 0;
		if ((code < 0x20 && point !== "\t") || code === 0x7f || point === "`") return false;
		if (point === "\ufeff" || (code >= 0xd800 && code <= 0xdfff)) return false;
	}
	return true;
}
