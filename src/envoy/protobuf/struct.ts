import { Buffer } from "node:buffer";
import type { JsonObject, JsonValue } from "../../lib/json-value.ts";
import {
	type Cursor,
	cursor,
	enter,
	FIXED64,
	LENGTH,
	leave,
	readBool,
	readDouble,
	readInt32,
	readLength,
	readString,
	readTag,
	requireUtf8,
	skipField,
	VARINT,
	WireError,
} from "./reader.ts";
import {
	beginMessage,
	createWriter,
	endMessage,
	finish,
	sizeOfUint,
	type Writer,
	writeBoolField,
	writeBytes,
	writeDoubleField,
	writeStringField,
	writeTextField,
	writeUintField,
} from "./writer.ts";

/** `google.protobuf.Struct`: map<string, Value> fields = 1. */
const STRUCT_FIELDS = (1 << 3) | LENGTH;
const ENTRY_KEY = (1 << 3) | LENGTH;
const ENTRY_VALUE = (2 << 3) | LENGTH;
/** `google.protobuf.Value`: oneof kind. */
export const VALUE_NULL = (1 << 3) | VARINT;
export const VALUE_NUMBER = (2 << 3) | FIXED64;
export const VALUE_STRING = (3 << 3) | LENGTH;
export const VALUE_BOOL = (4 << 3) | VARINT;
export const VALUE_STRUCT = (5 << 3) | LENGTH;
export const VALUE_LIST = (6 << 3) | LENGTH;
/** `google.protobuf.ListValue`: repeated Value values = 1. */
const LIST_VALUES = (1 << 3) | LENGTH;

/**
 * Reads the Struct between `c.pos` and `c.end`. Objects have no prototype, so `__proto__` is a plain key; of a key that
 * comes twice the last value counts; a Value without a kind is null.
 * @throws WireError
 */
export function readStruct(c: Cursor): JsonObject {
	const object: Record<string, JsonValue> = Object.create(null);
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag !== STRUCT_FIELDS) {
			skipField(c, tag);
			continue;
		}
		const outer = enter(c);
		let key = "";
		let value: Piece | undefined;
		while (c.pos < c.end) {
			const inner = readTag(c);
			if (inner === ENTRY_KEY) key = readString(c);
			else if (inner === ENTRY_VALUE) value = merged(value, readPiece(c));
			else skipField(c, inner);
		}
		object[key] = value === undefined ? null : readValue(open(value, c.depth));
		leave(c, outer);
	}
	return object;
}

/** Reads the Value between `c.pos` and `c.end`. */
function readValue(c: Cursor): JsonValue {
	const kind = readKind(c);
	switch (kind.tag) {
		case VALUE_STRUCT:
			return readStruct(open(kind.piece, c.depth));
		case VALUE_LIST:
			return readList(open(kind.piece, c.depth));
		case VALUE_STRING: {
			const { bytes, start, end } = kind.piece;
			requireUtf8(bytes, start, end);
			return bytes.toString("utf8", start, end);
		}
		case VALUE_NUMBER:
			return kind.number;
		case VALUE_BOOL:
			return kind.number !== 0;
		default:
			return null;
	}
}

function readList(c: Cursor): JsonValue[] {
	const list: JsonValue[] = [];
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag !== LIST_VALUES) {
			skipField(c, tag);
			continue;
		}
		const outer = enter(c);
		list.push(readValue(c));
		leave(c, outer);
	}
	return list;
}

/** Where a message's bytes lie. */
export interface Piece {
	readonly bytes: Buffer;
	readonly start: number;
	readonly end: number;
}

const NOTHING: Piece = { bytes: Buffer.alloc(0), start: 0, end: 0 };

/** A cursor over a message inside another. */
export function open(piece: Piece, depth: number): Cursor {
	return cursor(piece.bytes, piece.start, piece.end, depth + 1);
}

/** A singular message that comes twice is the merge of both, and that is what their joined bytes say. */
export function merged(first: Piece | undefined, second: Piece): Piece {
	if (first === undefined) return second;
	const bytes = Buffer.concat([
		first.bytes.subarray(first.start, first.end),
		second.bytes.subarray(second.start, second.end),
	]);
	return { bytes, start: 0, end: bytes.length };
}

/** The bytes of a length-delimited field. */
export function readPiece(c: Cursor): Piece {
	const length = readLength(c);
	const start = c.pos;
	c.pos += length;
	return { bytes: c.bytes, start, end: c.pos };
}

/** Which kind of Value stands between `c.pos` and `c.end`: the last one given; `tag` 0 when there is none. Text is not checked. */
export interface Kind {
	readonly tag: number;
	readonly piece: Piece;
	readonly number: number;
}

export function readKind(c: Cursor): Kind {
	let tag = 0;
	let piece = NOTHING;
	let number = 0;
	while (c.pos < c.end) {
		const next = readTag(c);
		switch (next) {
			case VALUE_NULL:
				readInt32(c);
				break;
			case VALUE_NUMBER:
				number = readDouble(c);
				break;
			case VALUE_BOOL:
				number = readBool(c) ? 1 : 0;
				break;
			case VALUE_STRING:
				piece = readPiece(c);
				break;
			case VALUE_STRUCT:
			case VALUE_LIST:
				piece = merged(next === tag ? piece : undefined, readPiece(c));
				break;
			default:
				skipField(c, next);
				continue;
		}
		tag = next;
	}
	return { tag, piece, number };
}

/** Every member's key and value inside the Struct between `c.pos` and `c.end`, in order, repeats included. */
export function readMembers(c: Cursor, each: (key: Piece, value: Piece) => void): void {
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag !== STRUCT_FIELDS) {
			skipField(c, tag);
			continue;
		}
		const outer = enter(c);
		let key = NOTHING;
		let value: Piece | undefined;
		while (c.pos < c.end) {
			const inner = readTag(c);
			if (inner === ENTRY_KEY) key = readPiece(c);
			else if (inner === ENTRY_VALUE) value = merged(value, readPiece(c));
			else skipField(c, inner);
		}
		each(key, value ?? NOTHING);
		leave(c, outer);
	}
}

/** Every element inside the ListValue between `c.pos` and `c.end`. */
export function readElements(c: Cursor, each: (value: Piece) => void): void {
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === LIST_VALUES) each(readPiece(c));
		else skipField(c, tag);
	}
}

/** Writes `object` as a Struct field. Numbers are doubles there. @throws WireError for a number that is not finite */
export function writeStructField(w: Writer, tag: number, object: JsonObject): void {
	const mark = beginMessage(w, tag);
	writeStruct(w, object);
	endMessage(w, mark);
}

/** Writes what stands in a Struct, without the field around it. */
export function writeStruct(w: Writer, object: JsonObject): void {
	for (const key of Object.keys(object)) writeMember(w, key, object[key] as JsonValue);
}

/** Writes what stands in a ListValue, without the field around it. */
export function writeList(w: Writer, list: readonly JsonValue[]): void {
	for (const element of list) writeValueField(w, LIST_VALUES, element);
}

/** One member of the Struct that is open in `w`. */
export function writeMember(w: Writer, key: string, value: JsonValue): void {
	const entry = beginMessage(w, STRUCT_FIELDS);
	writeStringField(w, ENTRY_KEY, key);
	writeValueField(w, ENTRY_VALUE, value);
	endMessage(w, entry);
}

/** A name as {@link writeTextMember} wants it. */
export function memberKey(name: string): Buffer {
	const w = createWriter(name.length + 8);
	writeStringField(w, ENTRY_KEY, name);
	return finish(w);
}

/** As {@link writeMember} for a text. Nothing is moved: that it is ASCII is taken for granted until its octets were written. */
export function writeTextMember(w: Writer, key: Uint8Array, text: string): void {
	const start = w.pos;
	if (writeMemberOf(w, key, text, text.length)) return;
	w.pos = start;
	writeMemberOf(w, key, text, Buffer.byteLength(text));
}

/** Answers whether the text took as many octets. */
function writeMemberOf(w: Writer, key: Uint8Array, text: string, octets: number): boolean {
	const value = 1 + sizeOfUint(octets) + octets;
	writeUintField(w, STRUCT_FIELDS, key.length + 1 + sizeOfUint(value) + value);
	writeBytes(w, key, 0, key.length);
	writeUintField(w, ENTRY_VALUE, value);
	return writeTextField(w, VALUE_STRING, text, octets);
}

function writeValueField(w: Writer, tag: number, value: JsonValue): void {
	const mark = beginMessage(w, tag);
	writeValue(w, value);
	endMessage(w, mark);
}

/** Writes what stands in a Value, without the field around it. */
export function writeValue(w: Writer, value: JsonValue): void {
	if (value === null) writeUintField(w, VALUE_NULL, 0);
	else if (typeof value === "string") writeStringField(w, VALUE_STRING, value);
	else if (typeof value === "boolean") writeBoolField(w, VALUE_BOOL, value);
	else if (typeof value === "number") {
		if (!Number.isFinite(value)) throw new WireError("a number of the Struct is not finite");
		writeDoubleField(w, VALUE_NUMBER, value);
	} else if (Array.isArray(value)) {
		const list = beginMessage(w, VALUE_LIST);
		writeList(w, value as readonly JsonValue[]);
		endMessage(w, list);
	} else writeStructField(w, VALUE_STRUCT, value as JsonObject);
}
