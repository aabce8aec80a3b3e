const SHORT: Readonly<Record<string, string>> = {
	"\x07": "\\a",
	"\b": "\\b",
	"\f": "\\f",
	"\n": "\\n",
	"\r": "\\r",
	"\t": "\\t",
	"\v": "\\v",
	'"': '\\"',
	"\\": "\\\\",
};

/** Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols, and the ASCII space alone. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** A text as Go's `strconv.Quote` writes it. */
export function goQuote(text: string): string {
	let quoted = '"';
	for (const point of text) {
		const code = point.codePointAt(0) ?? 0;
		const short = SHORT[point];
		if (short !== undefined) quoted += short;
		// A lone surrogate stands for one byte that is no part of UTF-8.
		else if (code >= 0xdc80 && code <= 0xdcff) quoted += `\\x${(code - 0xdc00).toString(16)}`;
		else if (PRINTABLE.test(point)) quoted += point;
		else if (code < 0x80) quoted += `\\x${code.toString(16).padStart(2, "0")}`;
		else if (code < 0x10000) quoted += `\\u${code.toString(16).padStart(4, "0")}`;
		else quoted += `\\U${code.toString(16).padStart(8, "0")}`;
	}
	return `${quoted}"`;
}
