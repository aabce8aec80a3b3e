import { Buffer } from "node:buffer";
import { ascii, base64, char, type JsonOut, number, quoted, raw } from "../../lib/json-out.ts";
import { type Cursor, LENGTH, readTag, skipField } from "../protobuf/reader.ts";
import {
	open,
	type Piece,
	readElements,
	readKind,
	readMembers,
	readPiece,
	VALUE_BOOL,
	VALUE_LIST,
	VALUE_NUMBER,
	VALUE_STRING,
	VALUE_STRUCT,
} from "../protobuf/struct.ts";
import { closeList, closeObject, comma, key, name } from "./json-parts.ts";

const TRUE = Buffer.from("true");
const FALSE = Buffer.from("false");
const NULL = Buffer.from("null");

/** Writes the Struct under `c` as the plain JSON object that it stands for. @throws WireError */
export function structJson(out: JsonOut, c: Cursor): void {
	/** By the key's bytes, one character per byte: of a repeated key the last value counts. */
	const members = new Map<string, { readonly key: Piece; readonly value: Piece }>();
	readMembers(c, (name, value) => {
		members.set(name.bytes.toString("latin1", name.start, name.end), { key: name, value });
	});
	char(out, 0x7b);
	for (const { key: name, value } of members.values()) {
		key(out, name.bytes, name.start, name.end);
		valueJson(out, open(value, c.depth));
		comma(out);
	}
	closeObject(out);
}

function valueJson(out: JsonOut, c: Cursor): void {
	const kind = readKind(c);
	switch (kind.tag) {
		case VALUE_STRUCT:
			structJson(out, open(kind.piece, c.depth));
			break;
		case VALUE_LIST: {
			const list = open(kind.piece, c.depth);
			char(out, 0x5b);
			readElements(list, (element) => {
				valueJson(out, open(element, list.depth));
				comma(out);
			});
			closeList(out);
			break;
		}
		case VALUE_STRING:
			quoted(out, kind.piece.bytes, kind.piece.start, kind.piece.end);
			break;
		case VALUE_NUMBER:
			doubleJson(out, kind.number);
			break;
		case VALUE_BOOL:
			raw(out, kind.number === 0 ? FALSE : TRUE);
			break;
		default:
			raw(out, NULL);
	}
}

/** Numbers that JSON has no form for are the strings that protobuf's JSON form gives them. */
function doubleJson(out: JsonOut, value: number): void {
	if (Number.isFinite(value)) number(out, value);
	else ascii(out, `"${value}"`);
}

const TYPE_URL = name("typeUrl");
const VALUE = name("value");

/** Writes the Any under `c` as it came: its type's name, and its bytes in base64. @throws WireError */
export function anyJson(out: JsonOut, c: Cursor): void {
	let url: Piece | undefined;
	let value: Piece | undefined;
	while (c.pos < c.end) {
		const next = readTag(c);
		if (next === ((1 << 3) | LENGTH)) url = readPiece(c);
		else if (next === ((2 << 3) | LENGTH)) value = readPiece(c);
		else skipField(c, next);
	}
	char(out, 0x7b);
	if (url !== undefined && url.end > url.start) {
		raw(out, TYPE_URL);
		quoted(out, url.bytes, url.start, url.end);
		comma(out);
	}
	if (value !== undefined && value.end > value.start) {
		raw(out, VALUE);
		base64(out, value.bytes, value.start, value.end);
		comma(out);
	}
	closeObject(out);
}
