import type { Refusal } from "../types.ts";
import type { BodyReader } from "./body-reader.ts";
import { appendBytes, clearBytes, createByteBuffer } from "./byte-buffer.ts";
import { isPlainLine, MAX_PLAIN_LINE } from "./event-lines.ts";
import type { JsonScanner } from "./json-scanner.ts";
import { type Output, putBytes } from "./output.ts";
import { stepUtf8, UTF8_START } from "./utf8.ts";

/** Where a line stands. */
const NAME = 0;
const DATA_START = 1;
const DATA = 2;
const OTHER = 3;

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const BOM = [0xef, 0xbb, 0xbf];
const NOTHING = new Uint8Array(0);
const FIELDS = ["data", "event", "id", "retry"];
/** What ends some streams instead of a JSON text. */
const MARK = Buffer.from("[DONE]");
/** The data of the event are not the mark. */
const NO_MARK = -1;

/**
 * Server-sent events (HTML, sections 9.2.5 and 9.2.6): the data lines of an event, joined by LF, are one
 * JSON text. Everything else of a line — its end, the name of its field — frames the text and is copied
 * in its place, as are other lines, whatever the text around them loses; only where one data line follows
 * another inside a value that is dropped, the break between them goes with it. Under `lines: "plain"` comments and
 * what is no plain token go.
 */
export function readEvents(scanner: JsonScanner, output: Output, lines: "copy" | "plain"): BodyReader {
	let line = NAME;
	let name = "";
	/** Where the name begins in the chunk at hand; what of it came earlier is in `head`. */
	let nameFrom = 0;
	const head = createByteBuffer();
	/** Another line that goes out as a whole or not at all. */
	let judging = false;
	const judged = createByteBuffer();
	/** The end of a line that does not go out. */
	let swallowing = false;
	let bomAt = 0;
	let afterCr = false;
	let utf8 = UTF8_START;
	/** Bytes of the mark seen in this event, or `NO_MARK`. */
	let mark = 0;
	let unread = 0;
	/** A break inside a dropped value; it goes if a data line follows. */
	const lineBreak = createByteBuffer();
	let breaking = false;

	function frame(chunk: Uint8Array, start: number, end: number): Refusal | undefined {
		if (!breaking) return scanner.frame(chunk, start, end);
		appendBytes(lineBreak, chunk, start, end);
		return undefined;
	}

	/** Frames the name of a line up to `end`, wherever it began. */
	function frameName(chunk: Uint8Array, end: number): Refusal | undefined {
		const early = head.length > 0 ? head.bytes.slice(0, head.length) : undefined;
		clearBytes(head);
		if (early !== undefined) {
			if (breaking) appendBytes(lineBreak, early, 0, early.length);
			else {
				const refusal = scanner.put(early);
				if (refusal !== undefined) return refusal;
			}
		}
		return frame(chunk, nameFrom, end);
	}

	function keepBreak(): void {
		if (breaking) putBytes(output, lineBreak.bytes.slice(0, lineBreak.length));
		breaking = false;
	}

	/** The name of a field is complete; comments have an empty one. */
	function chooseLine(colon: boolean): boolean {
		if (name === "data") line = DATA_START;
		else if (FIELDS.includes(name) || (colon && name === "")) line = OTHER;
		else return false;
		judging = line === OTHER && lines === "plain";
		if (line === OTHER && !judging) keepBreak();
		if (line === DATA_START && mark === MARK.length) return false;
		utf8 = UTF8_START;
		return true;
	}

	function endEvent(): Refusal | undefined {
		const whole = mark === MARK.length;
		if (mark > 0 && !whole) return "body_malformed";
		mark = 0;
		return whole ? undefined : scanner.endText(false);
	}

	/** A line ends at `at`, whatever ends it. */
	function endLine(chunk: Uint8Array, at: number): Refusal | undefined {
		swallowing = false;
		if (line === NAME) {
			if (name === "") return endEvent();
			if (!chooseLine(false)) return "body_malformed";
			const refusal = judging ? undefined : frameName(chunk, at);
			if (refusal !== undefined) return refusal;
		}
		if (judging) {
			const refusal = endJudged();
			if (refusal !== undefined) return refusal;
		}
		const data = line !== OTHER;
		line = NAME;
		name = "";
		if (!data) return utf8 === UTF8_START ? undefined : "body_malformed";
		if (mark > 0) return mark === MARK.length ? undefined : "body_malformed";
		mark = NO_MARK;
		const refusal = scanner.lineEnd();
		clearBytes(lineBreak);
		breaking = scanner.dropping;
		return refusal;
	}

	/** The line that was held back goes out, or nobody learns of it. */
	function endJudged(): Refusal | undefined {
		judging = false;
		clearBytes(head);
		const value = Buffer.from(judged.bytes.subarray(0, judged.length)).toString("latin1");
		clearBytes(judged);
		if (!isPlainLine(name, value)) {
			swallowing = true;
			return undefined;
		}
		keepBreak();
		return scanner.put(Buffer.from(value === "" ? name : `${name}:${value}`, "latin1"));
	}

	/** The data of the event go on with `chunk[start, end)`. */
	function readData(chunk: Uint8Array, start: number, end: number): Refusal | undefined {
		if (start === end) return undefined;
		if (mark === 0) {
			if (chunk[start] === MARK[0] && start + 1 === chunk.length) {
				// The next byte tells whether this opens an array or the mark.
				unread = 1;
				return undefined;
			}
			mark = chunk[start] === MARK[0] && chunk[start + 1] === MARK[1] ? 0 : NO_MARK;
		}
		if (mark === NO_MARK) return scanner.feed(chunk, start, end);
		for (let i = start; i < end; i++, mark++) if (chunk[i] !== MARK[mark]) return "body_malformed";
		return scanner.frame(chunk, start, end);
	}

	function readOther(chunk: Uint8Array, start: number, end: number): Refusal | undefined {
		for (let i = start; i < end; i++) {
			utf8 = stepUtf8(utf8, chunk[i]!);
			if (utf8 < 0) return "body_malformed";
		}
		if (!judging) return scanner.frame(chunk, start, end);
		// One byte more than any plain line has tells that it is none.
		appendBytes(judged, chunk, start, Math.min(end, start + MAX_PLAIN_LINE + 1 - judged.length));
		return undefined;
	}

	/** One step from `at`; answers how far it came, or a refusal. */
	function step(chunk: Uint8Array, at: number): number | Refusal {
		const c = chunk[at]!;
		if (bomAt < BOM.length) {
			if (c === BOM[bomAt]) bomAt++;
			else if (bomAt > 0) return "body_malformed";
			else {
				bomAt = BOM.length;
				return at;
			}
			return frame(chunk, at, at + 1) ?? at + 1;
		}
		if (afterCr) {
			afterCr = false;
			if (c === LF) return (swallowing ? undefined : frame(chunk, at, at + 1)) ?? at + 1;
		}
		if (c === LF || c === CR) {
			afterCr = c === CR;
			return endLine(chunk, at) ?? (swallowing ? undefined : frame(chunk, at, at + 1)) ?? at + 1;
		}
		if (line === NAME) {
			if (name === "" && head.length === 0) nameFrom = at;
			if (c === COLON) {
				if (!chooseLine(true)) return "body_malformed";
				return (judging ? undefined : frameName(chunk, at + 1)) ?? at + 1;
			}
			name += String.fromCharCode(c);
			return FIELDS.some((field) => field.startsWith(name)) ? at + 1 : "body_malformed";
		}
		if (line === DATA_START) {
			line = DATA;
			const refusal = c === 0x20 ? frame(chunk, at, at + 1) : undefined;
			breaking = false;
			return refusal ?? (c === 0x20 ? at + 1 : at);
		}
		let end = at + 1;
		while (end < chunk.length && chunk[end] !== LF && chunk[end] !== CR) end++;
		const read = line === DATA ? readData(chunk, at, end) : readOther(chunk, at, end);
		return read ?? end;
	}

	return {
		get unread() {
			return unread;
		},
		write(chunk) {
			unread = 0;
			let at = 0;
			while (at < chunk.length) {
				const next = step(chunk, at);
				if (typeof next === "string") return next;
				at = next;
			}
			if (line === NAME && name !== "") {
				appendBytes(head, chunk, nameFrom, chunk.length);
				nameFrom = 0;
			}
			return undefined;
		},
		end() {
			if (unread > 0 || (bomAt > 0 && bomAt < BOM.length)) return "body_malformed";
			if (line !== NAME || name !== "") {
				const refusal = endLine(NOTHING, 0);
				if (refusal !== undefined) return refusal;
			}
			return endEvent();
		},
	};
}
