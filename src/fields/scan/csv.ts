import { MASK, RELEASE, WITHHOLD } from "../automaton.ts";
import { asBuffer } from "../json-text.ts";
import { MAX_COLUMNS, MAX_KEY_BYTES, MAX_SCALAR_BYTES } from "../limits.ts";
import type { PathNode } from "../path-tree.ts";
import { plainText } from "../plain-text.ts";
import type { MaskAction } from "../strategies.ts";
import type { Refusal } from "../types.ts";
import type { BodyReader } from "./body-reader.ts";
import { appendByte, clearBytes, createByteBuffer } from "./byte-buffer.ts";
import type { MaskContext } from "./json-scanner.ts";
import { keepBytes, putBytes } from "./output.ts";
import { stepUtf8, UTF8_START } from "./utf8.ts";

/** Where a cell stands. */
const START = 0;
const PLAIN = 1;
const QUOTED = 2;
/** Behind a quote inside quotes: the second half of an escaped one, or the end of the cell. */
const QUOTE = 3;
/** Behind a CR that ends the line together with the LF to come. */
const LINE_END = 4;

const COMMA = 0x2c;
const CR = 0x0d;
const LF = 0x0a;
const QUOTE_BYTE = 0x22;
const TAB = 0x09;

const COMMA_BYTES = Buffer.of(COMMA);
const EMPTY_CELL = Buffer.from('""');
/** What other dialects put between cells: to their readers these are more columns than to us. */
const OTHER_SEPARATORS = /[;\t|]/;
const BYTE_ORDER_MARK = "\ufeff";

interface Column {
	readonly node: PathNode;
	/** Null for one that is released. */
	readonly action: MaskAction | null;
	readonly kept: boolean;
}

/**
 * CSV with a header (RFC 4180): each record is an object of strings, named by the header. A column that is withheld goes
 * from every record and from the header. Read strictly: records are as wide as the header, a quote is the first and the
 * last byte of its cell, lines end all in one way.
 */
export function readCsv(context: MaskContext): BodyReader {
	const { plan, tree, tally, output, options } = context;
	const root = tree.root;
	const rootOpen = root.object === RELEASE;
	const cell = createByteBuffer();
	/** Absent while the header is read. */
	let columns: Column[] | undefined;
	const names: string[] = [];
	/** Raw header cells, until it is known which of them stay. */
	const heads: Uint8Array[] = [];
	let keptColumns = 0;
	let at = 0;
	let state = START;
	let utf8 = UTF8_START;
	/** Something of the record was read, so it has to end. */
	let begun = false;
	/** A cell of the record was written. */
	let written = false;
	let lineEnd: "crlf" | "lf" | undefined;

	/** Cells are stored while their bytes are needed whole. */
	function stores(): boolean {
		if (columns === undefined) return true;
		const { action } = columns[at]!;
		return action !== null && action.fixed.string === undefined;
	}

	function checkByte(c: number): boolean {
		if (utf8 !== UTF8_START || c >= 0x80) {
			utf8 = stepUtf8(utf8, c);
			return utf8 >= 0;
		}
		if (c >= 0x20 && c !== 0x7f) return true;
		return state === QUOTED && (c === TAB || c === CR || c === LF);
	}

	/** The names are complete: decides what becomes of each column, and writes those that stay. */
	function endHeader(): Refusal | undefined {
		const none = names.length === 1 && names[0] === "";
		if (none || names[0]?.startsWith(BYTE_ORDER_MARK)) return "body_malformed";
		if (names.some((name) => OTHER_SEPARATORS.test(name))) return "body_unsupported";
		columns = names.map((name) => {
			const node = tree.named(root, name, tally.counting);
			const kept = rootOpen && node.scalar !== WITHHOLD;
			const action = kept && node.scalar !== RELEASE ? plan.actions[node.scalar - MASK]! : null;
			return { node, action, kept };
		});
		const stay = heads.filter((_, index) => columns?.[index]?.kept);
		keptColumns = stay.length;
		for (const [index, raw] of stay.entries()) {
			if (index > 0) putBytes(output, COMMA_BYTES);
			// A line with nothing in it would be no header.
			putBytes(output, raw.length === 0 && keptColumns === 1 ? EMPTY_CELL : raw);
		}
		heads.length = 0;
		return undefined;
	}

	/** The cell is complete, as far as `chunk[from, end)` was not kept yet. */
	function endCell(end: number, from: number): Refusal | undefined {
		if (utf8 !== UTF8_START) return "body_malformed";
		if (columns === undefined) {
			const raw = Uint8Array.from(cell.bytes.subarray(0, cell.length));
			if (names.length === MAX_COLUMNS) return "body_too_large";
			names.push(cellText(raw));
			heads.push(raw);
			clearBytes(cell);
			return undefined;
		}
		const { node, action, kept } = columns[at]!;
		if (rootOpen) tally.count(node.scalarEntry, node, node.scalar);
		if (!kept) return undefined;
		if (action === null) {
			keepBytes(output, from, end);
			putNoBlankLine(state === START ? 0 : 1);
		} else putMasked(action, node);
		written = true;
		return undefined;
	}

	/** An empty cell that is alone in its line because others went would be an empty line, which many readers skip. */
	function putNoBlankLine(length: number): void {
		if (length === 0 && keptColumns === 1 && names.length > 1) putBytes(output, EMPTY_CELL);
	}

	function putMasked(action: MaskAction, node: PathNode): void {
		const fixed = action.fixed.string;
		let text: string;
		if (fixed !== undefined) text = plainText(fixed);
		else {
			const raw = Uint8Array.from(cell.bytes.subarray(0, cell.length));
			const given = cellText(raw);
			const masked = action.apply("string", given, node.path, options);
			if (plan.unchanged && (masked === undefined || masked === given)) tally.countUnchanged(node, action.as);
			clearBytes(cell);
			if (masked === undefined) {
				putBytes(output, raw);
				putNoBlankLine(raw.length);
				return;
			}
			text = String(masked);
		}
		putBytes(output, text === "" && keptColumns === 1 ? EMPTY_CELL : Buffer.from(quoted(text)));
	}

	/** The record is complete, but for its line end. */
	function endRecord(end: number, from: number): Refusal | undefined {
		if (columns !== undefined && at !== columns.length - 1) return "body_malformed";
		const header = columns === undefined;
		const refusal = endCell(end, from) ?? (header ? endHeader() : undefined);
		if (refusal !== undefined) return refusal;
		if (!header && !rootOpen) tally.count(root.objectEntry, root, root.object);
		at = 0;
		state = START;
		begun = false;
		written = false;
		return undefined;
	}

	return {
		unread: 0,
		write(chunk) {
			/** What of the cell lies in this chunk. */
			let from = 0;
			for (let i = 0; i < chunk.length; i++) {
				const c = chunk[i]!;
				if (state === LINE_END) {
					if (c !== LF) return "body_malformed";
					if (keptColumns > 0) keepBytes(output, i, i + 1);
					state = START;
					from = i + 1;
					continue;
				}
				const outside = state !== QUOTED;
				if (outside && (c === COMMA || c === LF || c === CR)) {
					if (c !== COMMA) {
						const found = c === CR ? "crlf" : "lf";
						lineEnd ??= found;
						if (found !== lineEnd) return "body_malformed";
						const refusal = endRecord(i, from);
						if (refusal !== undefined) return refusal;
						if (keptColumns > 0) keepBytes(output, i, i + 1);
						if (c === CR) state = LINE_END;
					} else {
						if (columns !== undefined && at + 1 === columns.length) return "body_malformed";
						const refusal = endCell(i, from);
						if (refusal !== undefined) return refusal;
						state = START;
						begun = true;
						at++;
						if (written && columns?.[at]?.kept === true) keepBytes(output, i, i + 1);
					}
					from = i + 1;
					continue;
				}
				if (c === QUOTE_BYTE && utf8 === UTF8_START) {
					if (state === PLAIN) return "body_malformed";
					state = state === QUOTED ? QUOTE : QUOTED;
				} else {
					if (state === QUOTE || !checkByte(c)) return "body_malformed";
					if (state === START) state = PLAIN;
				}
				begun = true;
				if (stores()) {
					if (cell.length >= (columns === undefined ? MAX_KEY_BYTES : MAX_SCALAR_BYTES))
						return "body_too_large";
					appendByte(cell, c);
				}
			}
			const column = columns?.[at];
			if (column?.kept && column.action === null && state !== LINE_END) keepBytes(output, from, chunk.length);
			return undefined;
		},
		end() {
			if (state === QUOTED || state === LINE_END) return "body_malformed";
			return begun ? endRecord(0, 0) : undefined;
		},
	};
}

/** The text of a cell whose form was checked. */
function cellText(raw: Uint8Array): string {
	const text = asBuffer(raw).toString("utf8");
	return raw[0] === QUOTE_BYTE ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/** A text as a cell: in quotes where it would end the cell otherwise. */
function quoted(text: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: these may stand in quotes alone
	return /[",\u0000-\u001f\u007f]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
