import { Buffer } from "node:buffer";
import { type HeaderField, headerField } from "../header-field.ts";
import { addEntry, createDynamicTable, type DynamicTable, entryAt, resizeTable } from "./dynamic-table.ts";
import { HpackError } from "./hpack-error.ts";
import { type BlockCursor, readInteger, readText } from "./primitives.ts";
import { STATIC_TABLE } from "./static-table.ts";

/** One direction of one connection. */
export interface HpackDecoder extends BlockCursor {
	readonly table: DynamicTable;
	/** Paths as they came last; encoders do not index them, and a connection has few of them. */
	readonly paths: (KnownPath | undefined)[];
	nextPath: number;
}

interface KnownPath {
	readonly encoded: Buffer;
	readonly field: HeaderField;
}

const NOTHING = Buffer.alloc(0);
const PATH_INDEX = 4;
const KNOWN_PATHS = 4;
const LONGEST_KNOWN_PATH = 128;

export function createHpackDecoder(tableLimit: number): HpackDecoder {
	return {
		bytes: NOTHING,
		pos: 0,
		end: 0,
		table: createDynamicTable(tableLimit),
		paths: new Array<KnownPath | undefined>(KNOWN_PATHS).fill(undefined),
		nextPath: 0,
	};
}

/**
 * Decodes one whole header block (RFC 7541, section 6) and hands its fields over in their order.
 * @throws HpackError
 */
export function decodeBlock(
	d: HpackDecoder,
	bytes: Buffer,
	start: number,
	end: number,
	take: (field: HeaderField) => void,
): void {
	d.bytes = bytes;
	d.pos = start;
	d.end = end;
	let sizeMayChange = true;
	while (d.pos < d.end) {
		const first = bytes[d.pos] as number;
		if (first >= 0x80) take(fieldAt(d, readInteger(d, 0x7f)));
		else if (first >= 0x40) {
			const field = readLiteral(d, 0x3f);
			addEntry(d.table, field);
			take(field);
		} else if (first >= 0x20) {
			// A size update stands at the beginning of a block (section 4.2).
			if (!sizeMayChange) throw new HpackError("a size update behind a field");
			const size = readInteger(d, 0x1f);
			if (size > d.table.limit) throw new HpackError("a table larger than allowed");
			resizeTable(d.table, size);
			continue;
		} else take(readLiteral(d, 0x0f));
		sizeMayChange = false;
	}
	d.bytes = NOTHING;
}

/** Index 0 is no index (section 6.1); the dynamic table follows the static one (section 2.3.3). */
function fieldAt(d: HpackDecoder, index: number): HeaderField {
	const field =
		index <= STATIC_TABLE.length
			? STATIC_TABLE[index - 1]
			: entryAt(d.table, index - STATIC_TABLE.length - 1);
	if (field === undefined) throw new HpackError("an index out of range");
	return field;
}

function readLiteral(d: HpackDecoder, mask: number): HeaderField {
	const index = readInteger(d, mask);
	if (index === PATH_INDEX) return readPath(d);
	const name = index === 0 ? readText(d) : fieldAt(d, index).name;
	return headerField(name, readText(d));
}

function readPath(d: HpackDecoder): HeaderField {
	const start = d.pos;
	for (const known of d.paths) {
		if (known === undefined || !startsWith(d, known.encoded)) continue;
		d.pos = start + known.encoded.length;
		return known.field;
	}
	const field = headerField(":path", readText(d));
	if (d.pos - start <= LONGEST_KNOWN_PATH) {
		d.paths[d.nextPath] = { encoded: Buffer.from(d.bytes.subarray(start, d.pos)), field };
		d.nextPath = (d.nextPath + 1) % KNOWN_PATHS;
	}
	return field;
}

/** A string is told apart from a longer one by the length in front of it. */
function startsWith(d: HpackDecoder, encoded: Buffer): boolean {
	const { bytes, pos } = d;
	if (encoded.length > d.end - pos) return false;
	for (let index = 0; index < encoded.length; index++) {
		if (bytes[pos + index] !== encoded[index]) return false;
	}
	return true;
}
