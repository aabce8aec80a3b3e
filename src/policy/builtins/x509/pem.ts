import { decodeStdBase64 } from "../go/base64.ts";

export interface PemBlock {
	readonly type: string;
	readonly bytes: Buffer;
	/** What follows the block's last line. */
	readonly rest: string;
}

const BEGIN = "-----BEGIN ";
const END = "\n-----END ";
const DASHES = "-----";

/** The line from `at` on without white space at its end, and where the next one starts. */
function lineAt(text: string, at: number): { readonly line: string; readonly next: number } {
	const end = text.indexOf("\n", at);
	const stop = end < 0 ? text.length : end > at && text[end - 1] === "\r" ? end - 1 : end;
	let last = stop;
	while (last > at && (text[last - 1] === " " || text[last - 1] === "\t")) last--;
	return { line: text.slice(at, last), next: end < 0 ? text.length : end + 1 };
}

/** Where the lines of `Name: value` end that may come before the data. */
function afterHeaders(text: string, at: number): number | undefined {
	let from = at;
	while (from < text.length) {
		const { line, next } = lineAt(text, from);
		if (!line.includes(":")) return from;
		from = next;
	}
	return undefined;
}

/**
 * The first PEM block of a text (RFC 7468), found as Go's `pem.Decode` finds it: text before it is skipped, blocks
 * that are broken too. `undefined` when there is none.
 */
export function decodePem(text: string): PemBlock | undefined {
	let from = 0;
	for (;;) {
		const end = text.indexOf(END, from);
		if (end < 0) return undefined;
		const trailer = end + END.length;
		const begin = end < BEGIN.length ? -1 : text.lastIndexOf(BEGIN, end - BEGIN.length);
		const start = from;
		from = trailer;
		if (begin < start || (begin > start && text[begin - 1] !== "\n")) continue;
		const { line, next } = lineAt(text, begin + BEGIN.length);
		if (!line.endsWith(DASHES)) continue;
		const type = line.slice(0, -DASHES.length);
		const body = afterHeaders(text, next);
		if (body === undefined || trailer < body) return undefined;
		if (body > next && end < body) continue;
		const closing = type + DASHES;
		// The type may itself end in dashes that the closing line shares.
		if (!text.startsWith(closing, trailer)) continue;
		if (lineAt(text, trailer + closing.length).line !== "") continue;
		const bytes = end > body ? decodeStdBase64(text.slice(body, end).replace(/[ \t]/g, "")) : Buffer.alloc(0);
		if (bytes === undefined) continue;
		return { type, bytes, rest: text.slice(lineAt(text, trailer - 1).next) };
	}
}
