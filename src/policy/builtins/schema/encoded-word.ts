import { decodeStdBase64 } from "../go/base64.ts";

/** Charsets that Go decodes, in which a long s is an s to it. */
const CHARSETS = new Set(["utf-8", "iso-8859-1", "us-ascii"]);

const isKnown = (charset: string): boolean => CHARSETS.has(charset.replaceAll("ſ", "s").toLowerCase());

/** RFC 2047, 4.2, with line ends and tabs let pass. */
const isQuoted = (text: string): boolean => /^[\t\n\r -<>-~]*$/.test(text.replace(/=[0-9a-fA-F]{2}/g, ""));

/**
 * What a word is to Go's reader of addresses: an encoded word (RFC 2047), `empty` when nothing is encoded in it; one
 * that is refused for its charset; or plain, as is all that is wrong in another way.
 */
export type WordKind = "encoded" | "empty" | "refused" | "plain";

export function wordKind(word: string): WordKind {
	if (Buffer.byteLength(word) < 8) return "plain";
	const [start, charset = "", encoding = "", text = "", end, ...more] = word.split("?");
	if (start !== "=" || end !== "=" || more.length > 0 || charset === "") return "plain";
	let empty: boolean;
	if (/^[bB]$/.test(encoding)) {
		const content = decodeStdBase64(text);
		if (content === undefined) return "plain";
		empty = content.length === 0;
	} else if (/^[qQ]$/.test(encoding) && isQuoted(text)) empty = text === "";
	else return "plain";
	if (!isKnown(charset)) return "refused";
	return empty ? "empty" : "encoded";
}
