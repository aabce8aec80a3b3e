/** Breaks lines for YAML beside LF. */
const BREAKS = /[\r\n\u0085\u2028\u2029]/;

/** Go-yaml's idea of printable, with nothing above the basic plane. */
const UNPRINTABLE = /[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u;

const ESCAPED = /[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]|["\\\u2028\u2029]/gu;

const SHORT: Readonly<Record<string, string>> = {
	"\0": "0",
	"\x07": "a",
	"\b": "b",
	"\t": "t",
	"\n": "n",
	"\v": "v",
	"\f": "f",
	"\r": "r",
	"\x1b": "e",
	'"': '"',
	"\\": "\\",
	"\u0085": "N",
	"\u2028": "L",
	"\u2029": "P",
};

function escaped(char: string): string {
	const short = SHORT[char];
	if (short !== undefined) return `\\${short}`;
	const hex = (char.codePointAt(0) ?? 0).toString(16).toUpperCase();
	if (hex.length <= 2) return `\\x${hex.padStart(2, "0")}`;
	return hex.length <= 4 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

/** A byte order mark at the start has go-yaml escape all that follows. */
const doubleQuoted = (text: string): string =>
	`"${text.replace(text.startsWith("\ufeff") ? /./gsu : ESCAPED, escaped)}"`;

function singleQuoted(text: string, indent: string): string {
	return `'${text.replaceAll("'", "''").replace(/[\u2028\u2029]+(?=.)/gu, `$&${indent}`)}'`;
}

function literal(text: string, indent: string): string {
	const hint = /^[ \n\u2028\u2029]/.test(text) ? "2" : "";
	const chomp = !/[\n\u2028\u2029]$/.test(text) ? "-" : /^.$|[\n\u2028\u2029].$/su.test(text) ? "+" : "";
	return `|${hint}${chomp}\n${text.replace(/(^|[\n\u2028\u2029])(?=[^\n\u2028\u2029])/g, `$1${indent}`)}`;
}

/** Whether a text may stand unquoted in a block. */
function plainAllowed(text: string): boolean {
	if (UNPRINTABLE.test(text) || BREAKS.test(text) || /^ | $/.test(text)) return false;
	if (/^(?:---|\.\.\.)/.test(text) || /^[#,[\]{}&*!|>'"%@`]/.test(text) || /^[?:-](?:[ \t]|$)/.test(text))
		return false;
	return !/:(?:[ \t]|$)/.test(text) && !/[ \t]#/.test(text);
}

/** A space beside a line break, which quotes and blocks could not keep. */
const SPACE_THEN_BREAK = / [\r\n\u0085\u2028\u2029]/;
const BREAK_THEN_SPACE = /[\r\n\u0085\u2028\u2029] /;

/**
 * A string as go-yaml writes it.
 * @param indent - of the lines below, when it takes several
 * @param plain - whether it would be read back as this text without quotes
 * @param key - whether it stands on one line before a colon
 */
export function yamlString(text: string, indent: string, plain: boolean, key: boolean): string {
	const odd = UNPRINTABLE.test(text.replaceAll("\t", "")) || SPACE_THEN_BREAK.test(text);
	if (key && BREAKS.test(text)) return doubleQuoted(text);
	if (text.includes("\n")) return odd || text.endsWith(" ") ? doubleQuoted(text) : literal(text, indent);
	if (!plain) return doubleQuoted(text);
	if (plainAllowed(text)) return text;
	return odd || text.includes("\t") || BREAK_THEN_SPACE.test(text)
		? doubleQuoted(text)
		: singleQuoted(text, indent);
}

/** Whether a string can be a key on one line. */
export const isSimpleKey = (text: string): boolean => !BREAKS.test(text) && Buffer.byteLength(text) <= 128;
