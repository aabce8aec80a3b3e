import { MASK, RELEASE, WITHHOLD } from "../automaton.ts";
import { asBuffer } from "../json-text.ts";
import { MAX_PART_HEADER_BYTES, MAX_PART_SPACE_BYTES, MAX_PARTS, MAX_SCALAR_BYTES } from "../limits.ts";
import { LOOSE, type PathNode, UNCOUNTED } from "../path-tree.ts";
import { plainText } from "../plain-text.ts";
import type { MaskAction } from "../strategies.ts";
import type { MultipartFormat, Refusal } from "../types.ts";
import type { BodyReader } from "./body-reader.ts";
import { appendBytes, clearBytes, createByteBuffer } from "./byte-buffer.ts";
import { createJsonScanner } from "./json.ts";
import type { JsonScanner, MaskContext } from "./json-scanner.ts";
import { beginChunk, createOutput, flushOutput, keepBytes, putBytes } from "./output.ts";
import { type PartHead, readPartHead } from "./part-head.ts";
import { stepUtf8, UTF8_START } from "./utf8.ts";

/** What stands next. */
const FIRST = 0;
const BEHIND_DELIMITER = 1;
const HEAD = 2;
const JSON_START = 3;
const CONTENT = 4;
const END = 5;
const OVER = 6;

const CRLF = Buffer.from("\r\n");
const HEAD_END = Buffer.from("\r\n\r\n");
const CLOSE = Buffer.from("--");

/** Where the content at hand goes. */
type Part =
	/** Out as it is. */
	| { readonly to: "output"; readonly text: boolean }
	| { readonly to: "scanner"; readonly scanner: JsonScanner; readonly output: "kept" | "dropped" }
	/** Nowhere; text is checked. */
	| { readonly to: "nothing"; readonly text: boolean }
	/** Into the store, to be masked at its end. */
	| { readonly to: "mask"; readonly action: MaskAction; readonly node: PathNode };

/**
 * `multipart/form-data` (RFC 7578) as an object of its parts, repeated names one by one, and `multipart/mixed` (RFC 2046,
 * 5.1.3) as an array of them. JSON parts are masked like JSON, text parts are strings, all others are files. A part that
 * goes takes its delimiter and headers along. Nothing stands before the first delimiter or behind the last, lines end in
 * CRLF, and what looks like a delimiter is one: else two readers could find different parts.
 */
export function readMultipart(context: MaskContext, { kind, boundary }: MultipartFormat): BodyReader {
	const { plan, tree, tally, output, options } = context;
	const root = tree.root;
	const rootVerdict = kind === "form-data" ? root.object : root.array;
	const rootOpen = rootVerdict === RELEASE;
	const dash = Buffer.from(`--${boundary}`, "latin1");
	/** What may be a part of a delimiter, with the line end before it. */
	const lookahead = dash.length + 1;
	const scanner = createJsonScanner(context);
	const silentOutput = createOutput();
	const silent = createJsonScanner({ ...context, output: silentOutput });
	const store = createByteBuffer();
	let state = FIRST;
	let parts = 0;
	let unread = 0;
	/** A part or the last delimiter was written, so a line end stands before the next. */
	let written = false;
	let head: PartHead | undefined;
	/** The headers as they came, while a JSON part's first byte is waited for. */
	let headLines: readonly Uint8Array[] = [];
	let node: PathNode | null = null;
	let part: Part = { to: "nothing", text: false };
	let utf8 = UTF8_START;

	if (!rootOpen) tally.count(kind === "form-data" ? root.objectEntry : root.arrayEntry, root, rootVerdict);

	function putDelimiter(): void {
		if (written) putBytes(output, CRLF);
		putBytes(output, dash);
		written = true;
	}

	/** The part stays: writes what stands before its content. */
	function putHead(): Refusal | undefined {
		if (head!.carriesData && plan.directive.files === "block") return "body_unsupported";
		putDelimiter();
		putBytes(output, CRLF);
		for (const line of headLines) putBytes(output, line);
		putBytes(output, CRLF);
		return undefined;
	}

	/** The headers `chunk[start, end)` are there. */
	function beginPart(chunk: Uint8Array, start: number, end: number): Refusal | undefined {
		if (++parts > MAX_PARTS) return "body_too_large";
		const read = readPartHead(chunk, start, end, kind);
		if (typeof read === "string") return read;
		head = read;
		utf8 = UTF8_START;
		if (!rootOpen) node = null;
		else if (kind === "form-data") node = tree.named(root, read.name, tally.counting);
		else node = tree.element(root, parts - 1, tally.counting);
		// Other headers are values that nobody names.
		headLines =
			node?.state.opaque === true
				? [Uint8Array.from(chunk.subarray(start, end)), ...(start < end ? [CRLF] : [])]
				: read.plainLines;
		if (read.kind === "json") {
			state = JSON_START;
			return undefined;
		}
		state = CONTENT;
		return read.kind === "text" ? beginText(node) : beginFile(node);
	}

	function beginText(at: PathNode | null): Refusal | undefined {
		part = { to: "nothing", text: true };
		if (at === null) return undefined;
		tally.count(at.scalarEntry, at, at.scalar);
		if (at.scalar === WITHHOLD) return undefined;
		if (at.scalar === RELEASE) part = { to: "output", text: true };
		else {
			clearBytes(store);
			part = { to: "mask", action: plan.actions[at.scalar - MASK]!, node: at };
		}
		return putHead();
	}

	/** A file is a scalar that nobody can read: it goes, or passes as it is. */
	function beginFile(at: PathNode | null): Refusal | undefined {
		part = { to: "nothing", text: false };
		if (at === null) return undefined;
		if (at.scalar !== RELEASE) {
			// What is in it cannot be masked, so a mask takes it away.
			tally.count(at.scalarEntry === UNCOUNTED ? UNCOUNTED : LOOSE, at, WITHHOLD);
			return undefined;
		}
		tally.count(at.scalarEntry, at, RELEASE);
		if (plan.directive.files === "block") return "body_unsupported";
		part = { to: "output", text: false };
		return putHead();
	}

	/** The first byte of a JSON part is `first`, which tells what kind of value it is. */
	function beginJson(first: number): Refusal | undefined {
		state = CONTENT;
		const verdict =
			node === null ? WITHHOLD : first === 0x7b ? node.object : first === 0x5b ? node.array : node.scalar;
		if (node === null || verdict === WITHHOLD) {
			part = { to: "scanner", scanner: silent, output: "dropped" };
			if (node !== null)
				tally.count(
					first === 0x7b ? node.objectEntry : first === 0x5b ? node.arrayEntry : node.scalarEntry,
					node,
					WITHHOLD,
				);
			silent.startAt(null);
			return undefined;
		}
		part = { to: "scanner", scanner, output: "kept" };
		scanner.startAt(node);
		return putHead();
	}

	function checkText(chunk: Uint8Array, start: number, end: number): boolean {
		for (let at = start; at < end; at++) {
			utf8 = stepUtf8(utf8, chunk[at]!);
			if (utf8 < 0) return false;
		}
		return true;
	}

	/** Content goes on with `chunk[start, end)`. */
	function feed(chunk: Uint8Array, start: number, end: number): Refusal | undefined {
		if (start >= end) return undefined;
		switch (part.to) {
			case "scanner":
				if (part.output === "dropped") {
					beginChunk(silentOutput, chunk, []);
					return part.scanner.feed(chunk, start, end);
				}
				if (plan.directive.mask.length === 0) return scanner.feed(chunk, start, end);
				return guarded(() => scanner.feed(chunk, start, end));
			case "output":
				if (part.text && !checkText(chunk, start, end)) return "body_malformed";
				keepBytes(output, start, end);
				return undefined;
			case "nothing":
				return part.text && !checkText(chunk, start, end) ? "body_malformed" : undefined;
			case "mask":
				if (!checkText(chunk, start, end)) return "body_malformed";
				if (part.action.fixed.string !== undefined) return undefined;
				if (store.length + end - start > MAX_SCALAR_BYTES) return "body_too_large";
				appendBytes(store, chunk, start, end);
				return undefined;
		}
	}

	/** What a mask writes must not look like a delimiter. */
	function guarded(write: () => Refusal | undefined): Refusal | undefined {
		flushOutput(output);
		const { out } = output;
		const before = out.length;
		const refusal = write();
		if (refusal !== undefined) return refusal;
		flushOutput(output);
		for (let at = before; at < out.length; at++)
			if (asBuffer(out[at]!).includes(dash)) return "body_unsupported";
		return undefined;
	}

	/** The content of the part is complete. */
	function endPart(): Refusal | undefined {
		switch (part.to) {
			case "scanner":
				return part.output === "dropped" ? silent.endText(true) : guarded(() => scanner.endText(true));
			case "mask":
				return utf8 === UTF8_START ? guarded(putMasked) : "body_malformed";
			default:
				return part.text && utf8 !== UTF8_START ? "body_malformed" : undefined;
		}
	}

	function putMasked(): undefined {
		if (part.to !== "mask") return undefined;
		const { action, node: at } = part;
		const fixed = action.fixed.string;
		if (fixed !== undefined) {
			putBytes(output, Buffer.from(plainText(fixed)));
			return undefined;
		}
		const text = asBuffer(store.bytes).toString("utf8", 0, store.length);
		const masked = action.apply("string", text, at.path, options);
		if (plan.unchanged && (masked === undefined || masked === text)) tally.countUnchanged(at, action.as);
		putBytes(output, Buffer.from(masked === undefined ? text : String(masked)));
		return undefined;
	}

	/** One step from `at`; answers how far it came, a refusal, or that more bytes are needed. */
	function step(chunk: Buffer, at: number): number | Refusal | "more" {
		const left = chunk.length - at;
		switch (state) {
			case FIRST: {
				if (left < dash.length)
					return chunk.subarray(at).equals(dash.subarray(0, left)) ? "more" : "body_malformed";
				if (!startsWith(chunk, dash, at)) return "body_malformed";
				state = BEHIND_DELIMITER;
				return at + dash.length;
			}
			case BEHIND_DELIMITER: {
				if (left < 2) return chunk[at] === CRLF[0] || chunk[at] === CLOSE[0] ? "more" : "body_malformed";
				if (startsWith(chunk, CRLF, at)) {
					// The line end stays: together with the next one it ends headers that are not there.
					state = HEAD;
					return at;
				}
				if (!startsWith(chunk, CLOSE, at) || parts === 0) return "body_malformed";
				state = END;
				if (rootOpen) {
					putDelimiter();
					putBytes(output, CLOSE);
				}
				return at + CLOSE.length;
			}
			case HEAD: {
				const found = chunk.indexOf(HEAD_END, at);
				// Without their end in sight, the last bytes may belong to it.
				const end = found < 0 ? chunk.length - HEAD_END.length + 1 : found;
				if (end - at - CRLF.length > MAX_PART_HEADER_BYTES) return "body_too_large";
				if (found < 0) return "more";
				return (
					beginPart(chunk, at + CRLF.length, Math.max(found, at + CRLF.length)) ?? found + HEAD_END.length
				);
			}
			case JSON_START: {
				let first = at;
				while (first < chunk.length && isSpace(chunk[first]!)) first++;
				if (first - at > MAX_PART_SPACE_BYTES) return "body_too_large";
				if (first === chunk.length) return "more";
				// A delimiter behind nothing but white space: a JSON text is missing.
				return beginJson(chunk[first]!) ?? at;
			}
			case CONTENT:
				return content(chunk, at);
			case END: {
				if (left < 2) return chunk[at] === CRLF[0] ? "more" : "body_malformed";
				if (!startsWith(chunk, CRLF, at)) return "body_malformed";
				if (rootOpen) keepBytes(output, at, at + CRLF.length);
				state = OVER;
				return at + CRLF.length;
			}
			default:
				return "body_malformed";
		}
	}

	function content(chunk: Buffer, at: number): number | Refusal | "more" {
		const found = chunk.indexOf(dash, at);
		const known = found < 0 ? chunk.length - lookahead : found - CRLF.length;
		if (known > at) return feed(chunk, at, known) ?? known;
		if (found < 0) return "more";
		// The line end before a delimiter belongs to it, and it alone may stand there.
		if (known < at || !startsWith(chunk, CRLF, known)) return "body_malformed";
		const behind = found + dash.length;
		if (chunk.length - behind < 2) {
			const next = chunk[behind];
			return next === undefined || next === CRLF[0] || next === CLOSE[0] ? "more" : "body_malformed";
		}
		if (!startsWith(chunk, CRLF, behind) && !startsWith(chunk, CLOSE, behind)) return "body_malformed";
		state = BEHIND_DELIMITER;
		return endPart() ?? behind;
	}

	return {
		get unread() {
			return unread;
		},
		write(given) {
			const chunk = asBuffer(given);
			unread = 0;
			let at = 0;
			while (at < chunk.length) {
				const next = step(chunk, at);
				if (next === "more") {
					unread = chunk.length - at;
					return undefined;
				}
				if (typeof next === "string") return next;
				at = next;
			}
			return undefined;
		},
		end() {
			return (state === END || state === OVER) && unread === 0 ? undefined : "body_malformed";
		},
	};
}

function startsWith(b: Buffer, what: Buffer, at: number): boolean {
	return b.length - at >= what.length && b.compare(what, 0, what.length, at, at + what.length) === 0;
}

function isSpace(c: number): boolean {
	return c === 0x20 || c === 0x09 || c === 0x0a || c === 0x0d;
}
