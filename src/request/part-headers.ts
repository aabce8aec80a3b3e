import type { Buffer } from "node:buffer";
import { parseParameters } from "./disposition.ts";

/** What of one part's headers counts, as Go's `mime/multipart` reads them. */
export interface PartHeaders {
	/** Offset of the first byte behind the empty line; that of the end where there is none. */
	readonly next: number;
	/** The empty line was there. */
	readonly complete: boolean;
	/** Of a `form-data` disposition; empty when there is none. One character per byte. */
	readonly name: string;
	readonly isFile: boolean;
	readonly contentType: string;
	readonly quotedPrintable: boolean;
	/** Nothing in them is read by other readers otherwise. */
	readonly plain: boolean;
}

const LF = 0x0a;

/** Undefined for headers that Go refuses, `too_large` for those over the limit. */
export function readPartHeaders(
	bytes: Buffer,
	start: number,
	end: number,
	maxBytes: number,
): PartHeaders | "too_large" | undefined {
	const found = new Map<string, string>();
	let plain = true;
	let pos = start;
	let complete = false;
	const line = (): string => {
		const feed = bytes.indexOf(LF, pos);
		const stop = feed < 0 || feed >= end ? end : feed;
		const text = bytes.toString("latin1", pos, Math.min(stop, start + maxBytes + 1));
		pos = Math.min(stop + 1, end);
		return stop < end && text.endsWith("\r") ? text.slice(0, -1) : text;
	};
	if (isSpace(bytes[start])) return undefined;
	while (pos < end && !complete) {
		let text = line();
		if (pos - start > maxBytes) return "too_large";
		if (text === "") {
			complete = true;
			break;
		}
		if (!text.includes(":")) return undefined;
		text = trimmed(text);
		while (pos < end && isSpace(bytes[pos])) {
			plain = false;
			while (pos < end && isSpace(bytes[pos])) pos++;
			text += ` ${trimmed(line())}`;
			if (pos - start > maxBytes) return "too_large";
		}
		const colon = text.indexOf(":");
		const name = text.slice(0, colon).toLowerCase();
		const value = text.slice(colon + 1).replace(/^[ \t]+/, "");
		if (!/^[ !#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value)) return undefined;
		if (found.has(name) || name.includes(" ")) plain = false;
		else found.set(name, value);
	}
	const given = found.get("content-disposition") ?? "";
	const disposition = parseParameters(given);
	const form = disposition?.value === "form-data" ? disposition.parameters : undefined;
	const name = form?.get("name") ?? "";
	const transfer = found.get("content-transfer-encoding") ?? "";
	return {
		next: pos,
		complete,
		name,
		isFile: form?.has("filename") === true,
		contentType: found.get("content-type") ?? "",
		quotedPrintable: transfer.toLowerCase() === "quoted-printable",
		// RFC 7578, section 4.7: no transfer encodings; most readers do not undo one.
		plain: plain && name !== "" && disposition?.plain === true && /^(?:|7bit|8bit|binary)$/i.test(transfer),
	};
}

function isSpace(byte: number | undefined): boolean {
	return byte === 0x20 || byte === 0x09;
}

function trimmed(text: string): string {
	return text.replace(/^[ \t]+|[ \t]+$/g, "");
}
