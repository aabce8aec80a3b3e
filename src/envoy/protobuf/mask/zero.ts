import { Buffer } from "node:buffer";
import type { FieldType, MessageType } from "../descriptors.ts";
import { FIXED32, FIXED64, VARINT } from "../reader.ts";
import { createWriter, finish, writeBytes, writeUint } from "../writer.ts";

const ENUM = 14;
const END_GROUP = 4;
const EMPTY = Buffer.alloc(0);
const ZEROS = Buffer.alloc(8);

const known = new WeakMap<MessageType, Buffer>();

/** The least message of a type: nothing, but for required fields, without which no reader takes it. */
export function leastMessage(type: MessageType): Buffer {
	const found = known.get(type);
	if (found !== undefined) return found;
	// A type that requires itself has no message at all.
	known.set(type, EMPTY);
	const w = createWriter(64);
	for (const field of type.fields.values()) {
		if (!field.required) continue;
		const bytes = zeroField(field);
		writeBytes(w, bytes, 0, bytes.length);
	}
	const least = finish(w);
	known.set(type, least);
	return least;
}

/** A field with its zero value, tag and all. */
function zeroField(field: FieldType): Buffer {
	const w = createWriter(64);
	writeUint(w, field.number * 8 + field.wire);
	const value = zeroValue(field);
	writeBytes(w, value, 0, value.length);
	return finish(w);
}

/** What stands behind the tag of a field that holds its zero value. */
export function zeroValue(field: FieldType): Buffer {
	const w = createWriter(64);
	if (field.message !== undefined) {
		const least = leastMessage(field.message);
		if (field.group) {
			writeBytes(w, least, 0, least.length);
			writeUint(w, field.number * 8 + END_GROUP);
		} else {
			writeUint(w, least.length);
			writeBytes(w, least, 0, least.length);
		}
		return finish(w);
	}
	const { wire } = field;
	if (wire === VARINT) writeUint(w, field.kind === ENUM ? zeroEnum(field) : 0);
	else writeBytes(w, ZEROS, 0, wire === FIXED64 ? 8 : wire === FIXED32 ? 4 : 1);
	return finish(w);
}

/** 0, or where an enumeration lacks it (proto2) the first value: a reader would drop the other as unknown. */
function zeroEnum(field: FieldType): number {
	const names = field.enumeration?.names;
	if (names === undefined || names.has(0)) return 0;
	const [first = 0] = names.keys();
	return Math.max(0, first);
}
