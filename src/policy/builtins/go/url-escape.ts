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

const isSafe = (byte: Bytes, part: UrlPart): boolean => escaped(byte, part) === byte;

const BAD_ESCAPE = /%(?![0-9a-fA-F]{2})/;

const badEscape = (bytes: Bytes, at: number): UrlError =>
	new UrlError(`invalid URL escape ${quoted(bytes.slice(at, at + 3))}`);

const byteAt = (bytes: Bytes, at: number): Bytes =>
	String.fromCharCode(Number.parseInt(bytes.slice(at + 1, at + 3), 16));

/** Escapes in a host stand for bytes above ASCII or for `%`; in a zone also for what a host may hold, and spaces. */
function checkHost(bytes: Bytes, part: "host" | "zone"): void {
	for (let at = 0; at < bytes.length; at++) {
		const byte = bytes[at] as Bytes;
		if (byte !== "%") {
			if (byte < "\x80" && !isSafe(byte, part)) {
				throw new UrlError(`invalid character ${quoted(byte)} in host name`);
			}
			continue;
		}
		if (BAD_ESCAPE.test(bytes.slice(at, at + 3))) throw badEscape(bytes, at);
		const meant = byteAt(bytes, at);
		const good =
			meant === "%" || (part === "host" ? meant >= "\x80" : meant === " " || isSafe(meant, "host"));
		if (!good) throw badEscape(bytes, at);
		at += 2;
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
