import type { FieldType } from "../descriptors.ts";
import { type Cursor, LENGTH, readLength, readTag, skipField, WireError } from "../reader.ts";
import { VALUE_BOOL, VALUE_LIST, VALUE_NULL, VALUE_NUMBER, VALUE_STRING, VALUE_STRUCT } from "../struct.ts";
import { ANY_TYPE_URL, ANY_VALUE, type AnyParts } from "./any-parts.ts";
import { instanceIn } from "./instance.ts";
import { mapEntry } from "./map-entries.ts";
import { skipScalar } from "./mask-scalar.ts";
import { objectFields } from "./message-fields.ts";
import { withLength } from "./scalars.ts";
import { elementOf, type Inner, judgeUnknown, type Kind, requireLevel, type Walk } from "./walk.ts";
import { leastMessage } from "./zero.ts";

/** `Struct.fields` and `ListValue.values`. */
const ONLY_FIELD = (1 << 3) | LENGTH;

/** The members of a Struct. */
export function structMembers(walk: Walk, c: Cursor, { type, node, level }: Inner): void {
	requireLevel(level + 1);
	const field = type.fields.get(1);
	while (c.pos < c.end) {
		const start = c.pos;
		const tag = readTag(c);
		if (tag === ONLY_FIELD && field?.message?.mapEntry) mapEntry(walk, c, field, node, start, level + 1);
		else {
			skipField(c, tag);
			judgeUnknown(walk, node, start, c.pos);
		}
	}
	walk.contentEnd = c.pos;
}

/** The elements of a ListValue. */
export function listElements(walk: Walk, c: Cursor, { type, node, level, instance }: Inner): void {
	requireLevel(level + 1);
	const element = type.fields.get(1)?.message;
	while (c.pos < c.end) {
		const start = c.pos;
		const tag = readTag(c);
		if (tag !== ONLY_FIELD || element === undefined) {
			skipField(c, tag);
			judgeUnknown(walk, node, start, c.pos);
			continue;
		}
		const lengthAt = c.pos;
		const length = readLength(c);
		const outer = c.end;
		c.end = c.pos + length;
		const outcome = walk.message(c, {
			type: element,
			node: node === null ? null : elementOf(walk, node, 1, instance),
			level: level + 1,
			instance: instanceIn(null, 0),
			lengthAt,
			endTag: 0,
		});
		c.end = outer;
		if (outcome === "withheld") walk.editor.cut(start, c.pos);
		else if (outcome !== "stays")
			walk.editor.replace(
				lengthAt,
				c.pos,
				withLength(outcome === "absent" ? leastMessage(element) : outcome),
			);
	}
	walk.contentEnd = c.pos;
}

/** What kind of Value begins at `c.pos`; the reader stays there. One of two kinds is refused: no writer makes it. */
export function valueKind(c: Cursor): Kind {
	const start = c.pos;
	let kind: Kind | undefined;
	while (c.pos < c.end) {
		const tag = readTag(c);
		skipField(c, tag);
		const found = VALUE_KINDS.get(tag);
		if (found === undefined) continue;
		if (kind !== undefined) throw new WireError("a Value with two kinds");
		kind = found;
	}
	c.pos = start;
	return kind ?? "null";
}

const VALUE_KINDS: ReadonlyMap<number, Kind> = new Map<number, Kind>([
	[VALUE_NULL, "null"],
	[VALUE_NUMBER, "number"],
	[VALUE_STRING, "string"],
	[VALUE_BOOL, "boolean"],
	[VALUE_STRUCT, "object"],
	[VALUE_LIST, "array"],
]);

/** What is in a Value: of the same path as the Value itself. */
export function valueContent(walk: Walk, c: Cursor, { type, node, level }: Inner): void {
	while (c.pos < c.end) {
		const start = c.pos;
		const tag = readTag(c);
		const kind = VALUE_KINDS.get(tag);
		const field = type.fields.get(tag >>> 3);
		if (kind === undefined || field === undefined) {
			skipField(c, tag);
			judgeUnknown(walk, node, start, c.pos);
			continue;
		}
		if (field.message === undefined) {
			skipScalar(walk, c, field, tag);
			continue;
		}
		const lengthAt = c.pos;
		const length = readLength(c);
		const outer = c.end;
		c.end = c.pos + length;
		if (node !== null) walk.editor.enter(lengthAt, c.pos);
		const inner = { type: field.message, node, level, instance: instanceIn(null, 0), lengthAt, endTag: 0 };
		if (kind === "object") structMembers(walk, c, inner);
		else listElements(walk, c, inner);
		if (node !== null) walk.editor.leave(c.pos);
		c.end = outer;
	}
	walk.contentEnd = c.pos;
}

/** The message in an Any: its fields are members beside `@type`; a type with a JSON form of its own is under `value`. */
export function anyContent(walk: Walk, c: Cursor, { node, level }: Inner, parts: AnyParts): void {
	requireLevel(level + 1);
	const { editor, places } = walk;
	while (c.pos < c.end) {
		const start = c.pos;
		const tag = readTag(c);
		if (tag === ANY_TYPE_URL || (tag === ANY_VALUE && parts.type === undefined)) {
			// Without its type nobody can read the message, so the type stays with it.
			skipField(c, tag);
			continue;
		}
		if (tag !== ANY_VALUE || parts.type === undefined) {
			skipField(c, tag);
			judgeUnknown(walk, node, start, c.pos);
			continue;
		}
		const { type } = parts;
		const lengthAt = c.pos;
		const length = readLength(c);
		const outer = c.end;
		c.end = c.pos + length;
		const inner = { type, node, level, instance: instanceIn(null, 0), lengthAt, endTag: 0 };
		if (type.shape === "object") {
			if (node !== null) editor.enter(lengthAt, c.pos);
			objectFields(walk, c, inner);
			if (node !== null) editor.leave(c.pos);
			c.end = outer;
			continue;
		}
		const value = node === null ? null : places.named(node, "value");
		const outcome = walk.message(c, { ...inner, node: value, level: level + 1 });
		c.end = outer;
		if (outcome === "withheld" || outcome === "absent") editor.cut(start, c.pos);
		else if (outcome !== "stays") editor.replace(lengthAt, c.pos, withLength(outcome));
	}
	walk.contentEnd = c.pos;
}

/** The fields of a message that is one scalar in JSON: they stay or go with it. */
export function scalarContent(walk: Walk, c: Cursor, { type, node }: Inner): void {
	while (c.pos < c.end) {
		const start = c.pos;
		const tag = readTag(c);
		const field = type.fields.get(tag >>> 3);
		if (field !== undefined && isWrittenSo(field, tag & 7)) skipScalar(walk, c, field, tag);
		else {
			skipField(c, tag);
			judgeUnknown(walk, node, start, c.pos);
		}
	}
	walk.contentEnd = c.pos;
}

function isWrittenSo(field: FieldType, wire: number): boolean {
	return field.message === undefined && wire === field.wire;
}
