import { Buffer, isUtf8 } from "node:buffer";
import { parseMediaType } from "../lib/media-type.ts";
import { goText } from "./go-text.ts";
import { checkJson } from "./json-check.ts";
import { readPartHeaders } from "./part-headers.ts";
import { unquotePrintable } from "./quoted-printable.ts";

export interface MultipartRules {
	/** Containers inside containers, the object and the lists around the parts included. */
	readonly maxDepth: number;
	readonly maxParts: number;
	readonly maxPartHeaderBytes: number;
}

export type Multipart =
	| {
			readonly ok: true;
			/** One JSON object, UTF-8: name → list of values. */
			readonly json: Buffer;
			/** Nothing in it is read by other readers otherwise, or not at all. */
			readonly clear: boolean;
	  }
	| { readonly ok: false; readonly reason: "malformed" | "too_large"; readonly message: string };

const LF = 0x0a;
/** Go's reader has a buffer of this size, and refuses a line between parts that it cannot hold. */
const MAX_LINE_BYTES = 4096;
const MAX_BOUNDARY_BYTES = 1024;

/**
 * Reads a `multipart/form-data` body (RFC 7578) into one JSON text, as opa-envoy-plugin does with Go's `mime/multipart`:
 * each named part is a string, or JSON where its type says so (numbers keep their text); parts without a name, what stands
 * before the first boundary and behind the last one are passed over, line ends may be bare LF, quoted-printable is undone.
 * `clear` is false wherever that is one reading of several.
 */
export function readMultipart(
	bytes: Buffer,
	start: number,
	end: number,
	boundary: string,
	rules: MultipartRules,
): Multipart {
	if (boundary === "" || boundary.length > MAX_BOUNDARY_BYTES) return malformed("boundary");
	const dash = Buffer.from(`--${boundary}`, "latin1");
	const values = new Map<string, Buffer[]>();
	let newline = "\r\n";
	let clear = true;
	let parts = 0;
	let pos = start;
	let separated = false;
	for (;;) {
		const feed = indexOf(bytes, LF, pos, end);
		const next = feed < 0 ? end : feed + 1;
		const whole = feed >= 0 && next - pos <= MAX_LINE_BYTES;
		const marked = startsWith(bytes, dash, pos, next);
		const rest = marked ? bytes.toString("latin1", pos + dash.length, next) : "";
		if (rest.startsWith("--") && isFinal(rest, newline, whole)) {
			if (next < end) clear = false;
			break;
		}
		if (!whole) return malformed("no final boundary");
		const after = rest.replace(/^[ \t]+/, "");
		if (marked && parts === 0 && after === "\n") {
			newline = "\n";
			clear = false;
		}
		if (!marked || after !== newline) {
			if (parts === 0) {
				// Before the first boundary anything may stand (RFC 2046, section 5.1.1).
				clear = false;
			} else if (separated || bytes.toString("latin1", pos, next) !== newline) {
				return malformed("no boundary where a part ends");
			} else separated = true;
			pos = next;
			continue;
		}
		separated = false;
		if (++parts > rules.maxParts) return tooLarge("too many parts");
		const headers = readPartHeaders(bytes, next, end, rules.maxPartHeaderBytes);
		if (headers === "too_large") return tooLarge("the headers of a part are too large");
		if (headers === undefined) return malformed("headers of a part");
		// What Go takes for the end of the form, and others for a broken one.
		if (!headers.complete) {
			clear = false;
			break;
		}
		const stop = bodyEnd(bytes, headers.next, end, dash, newline);
		if (stop < 0) return malformed("a part without end");
		clear &&= headers.plain;
		pos = stop;
		const raw = bytes.subarray(headers.next, stop);
		const text = headers.quotedPrintable ? unquotePrintable(raw) : raw;
		if (text === undefined) return malformed("quoted-printable part");
		if (headers.name === "") continue;
		const value = partValue(text, headers.contentType, headers.isFile, rules);
		if (value === undefined) return malformed("JSON part");
		clear &&= value.clear;
		const name = goText(Buffer.from(headers.name, "latin1"));
		clear &&= !name.includes("\ufffd");
		const list = values.get(name);
		if (list === undefined) values.set(name, [value.json]);
		else list.push(value.json);
	}
	return { ok: true, json: written(values), clear };
}

function malformed(what: string): Multipart {
	return { ok: false, reason: "malformed", message: `multipart body: ${what}` };
}

function tooLarge(message: string): Multipart {
	return { ok: false, reason: "too_large", message };
}

function isFinal(rest: string, newline: string, whole: boolean): boolean {
	const tail = rest.slice(2).replace(/^[ \t]+/, "");
	return tail === "" || (whole && tail === newline);
}

function indexOf(bytes: Buffer, what: number | Buffer, from: number, end: number): number {
	const at = bytes.indexOf(what, from);
	return at < 0 || at + (typeof what === "number" ? 1 : what.length) > end ? -1 : at;
}

function startsWith(bytes: Buffer, what: Buffer, at: number, end: number): boolean {
	return end - at >= what.length && bytes.compare(what, 0, what.length, at, at + what.length) === 0;
}

/** Where the body of a part ends, before the line end that belongs to its boundary; −1 when no boundary follows. */
function bodyEnd(bytes: Buffer, start: number, end: number, dash: Buffer, newline: string): number {
	let pos = start;
	if (startsWith(bytes, dash, start, end)) {
		if (endsBoundary(bytes, start + dash.length, end)) return start;
		pos += dash.length;
	}
	const needle = Buffer.concat([Buffer.from(newline, "latin1"), dash]);
	for (;;) {
		const at = indexOf(bytes, needle, pos, end);
		if (at < 0) return -1;
		pos = at + needle.length;
		if (endsBoundary(bytes, pos, end)) return at;
	}
}

/** What may follow a boundary; anything else makes it text that looks like one. */
function endsBoundary(bytes: Buffer, at: number, end: number): boolean {
	const byte = at < end ? bytes[at] : 0;
	if (byte === 0x2d) return at + 1 < end && bytes[at + 1] === 0x2d;
	return byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === LF;
}

/** A part as JSON; undefined when it says that it is, and is not. */
function partValue(
	text: Buffer,
	contentType: string,
	isFile: boolean,
	rules: MultipartRules,
): { readonly json: Buffer; readonly clear: boolean } | undefined {
	const type = parseMediaType(contentType);
	if (type?.type === "application" && (type.subtype === "json" || type.suffix === "json")) {
		const check = checkJson(text, 0, text.length, rules.maxDepth - 2);
		if (!check.ok) return undefined;
		const clear = !check.duplicates && check.surrogates.length === 0;
		return { json: withoutSurrogates(text, check.surrogates), clear };
	}
	// The bytes of a file may be anything; a policy sees them as text all the same.
	const clear = isFile || isUtf8(text);
	return { json: Buffer.from(JSON.stringify(goText(text))), clear };
}

const REPLACEMENT = Buffer.from("\\ufffd", "latin1");

function withoutSurrogates(text: Buffer, surrogates: readonly number[]): Buffer {
	if (surrogates.length === 0) return text;
	const pieces: Buffer[] = [];
	let pos = 0;
	for (const at of surrogates) {
		pieces.push(text.subarray(pos, at), REPLACEMENT);
		pos = at + REPLACEMENT.length;
	}
	return Buffer.concat([...pieces, text.subarray(pos)]);
}

function written(values: ReadonlyMap<string, readonly Buffer[]>): Buffer {
	const pieces: Buffer[] = [];
	for (const [name, list] of values) {
		pieces.push(Buffer.from(`${pieces.length === 0 ? "{" : ","}${JSON.stringify(name)}:`));
		list.forEach((value, index) => {
			pieces.push(Buffer.from(index === 0 ? "[" : ","), value);
		});
		pieces.push(Buffer.from("]"));
	}
	pieces.push(Buffer.from(values.size === 0 ? "{}" : "}"));
	return Buffer.concat(pieces);
}
