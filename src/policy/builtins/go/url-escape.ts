import { byteString } from "../../term/byte-string.ts";
import { goQuote } from "./quote.ts";

/** Bytes, one character each: Go's parser of URLs works on them. */
export type Bytes = string;

export const textOf = (bytes: Bytes): string => byteString(Buffer.from(bytes, "latin1"));

export const quoted = (bytes: Bytes): string => goQuote(textOf(bytes));

/** No URL, or no good one; the message is Go's. */
export class UrlError extends Error {
	override readonly name = "UrlError";
}

/** Parts of a URL by what may stand in them as it is. */
export type UrlPart = "path" | "host" | "zone" | "user" | "fragment";

const HOST = /[^A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/g;

/** What Go escapes when it writes a part. */
const UNSAFE: Readonly<Record<UrlPart, RegExp>> = {
	path: /[^A-Za-z0-9\-_.~$&+,/:;=@]/g,
	host: HOST,
	zone: HOST,
	user: /[^A-Za-z0-9\-_.~$&+,;=]/g,
	fragment: /[^A-Za-z0-9\-_.~$&+,/:;=?@!()*]/g,
};

export const escaped = (bytes: Bytes, part: UrlPart): Bytes =>
	bytes.replace(UNSAFE[part], (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);

const isSafe = (bytes: Bytes, part: UrlPart): boolean => bytes.search(UNSAFE[part]) < 0;

const BAD_ESCAPE = /%(?![0-9a-fA-F]{2})/;

const badEscape = (bytes: Bytes, at: number): UrlError =>
	new UrlError(`invalid URL escape ${quoted(bytes.slice(at, at + 3))}`);

const byteAt = (bytes: Bytes, at: number): Bytes =>
	String.fromCharCode(Number.parseInt(bytes.slice(at + 1, at + 3), 16));

/** An escape in a host stands for a byte above ASCII or for `%`; in a zone also for what a host may hold, and a space. */
function mayEscape(byte: Bytes, part: "host" | "zone"): boolean {
	if (byte === "%") return true;
	if (part === "host") return byte >= "\x80";
	return byte === " " || isSafe(byte, part);
}

function checkHost(bytes: Bytes, part: "host" | "zone"): void {
	// ASCII that no host holds, and escapes.
	for (const { 0: byte, index } of bytes.matchAll(/[^A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"\x80-\xff]/g)) {
		if (byte !== "%") throw new UrlError(`invalid character ${quoted(byte)} in host name`);
		if (BAD_ESCAPE.test(bytes.slice(index, index + 3))) throw badEscape(bytes, index);
		if (!mayEscape(byteAt(bytes, index), part)) throw badEscape(bytes, index);
	}
}

/** @throws {UrlError} for an escape that is none, and for what no host holds. */
export function unescaped(bytes: Bytes, part: UrlPart): Bytes {
	if (part === "host" || part === "zone") checkHost(bytes, part);
	const bad = bytes.search(BAD_ESCAPE);
	if (bad >= 0) throw badEscape(bytes, bad);
	return bytes.replace(/%../g, (found) => byteAt(found, 0));
}

/** Whether an escaped path or fragment could stand in a URL as it is. */
export function isEncoded(bytes: Bytes, part: "path" | "fragment"): boolean {
	return isSafe(bytes.replace(/[!$&'()*+,;=:@[\]%]/g, ""), part);
}
