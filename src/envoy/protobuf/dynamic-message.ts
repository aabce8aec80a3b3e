import { Buffer } from "node:buffer";
import type { FieldType, MessageType } from "./descriptors.ts";
import {
	type Cursor,
	enter,
	LENGTH,
	leave,
	MAX_MESSAGE_DEPTH,
	readBool,
	readBytes,
	readDouble,
	readInt32,
	readInt64,
	readLength,
	readString,
	readTag,
	readUint32,
	START_GROUP,
	skipField,
	WireError,
} from "./reader.ts";

export type Scalar = number | bigint | boolean | string | Buffer;
export type Single = Scalar | DynamicMessage;
export type DynamicValue = Single | readonly Single[] | ReadonlyMap<string, Single>;

/** A message of a type that is known since the process started. Of a oneof one member at most is there. */
export interface DynamicMessage {
	readonly type: MessageType;
	readonly values: Map<number, DynamicValue>;
}

const END_GROUP = 4;

export function emptyMessage(type: MessageType): DynamicMessage {
	return { type, values: new Map() };
}

/**
 * Reads the message in which `c` stands as Go's decoder does: a known field in a wrong wire type is an unknown one, lists
 * may be packed or not, a singular message that comes twice is merged, of all else the last one counts.
 * @throws WireError
 */
export function readDynamic(c: Cursor, into: DynamicMessage, endTag = 0): void {
	const { type, values } = into;
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === endTag) return;
		const wire = tag % 8;
		const field = type.fields.get(Math.floor(tag / 8));
		if (field === undefined) skipField(c, tag);
		else if (field.message !== undefined) {
			if (wire === (field.group ? START_GROUP : LENGTH)) readMessageField(c, into, field, field.message, tag);
			else skipField(c, tag);
		} else {
			if (wire === field.wire) {
				const value = readScalar(c, field);
				if (field.repeated) listOf(values, field).push(value);
				else setSingular(into, field, value);
			} else if (field.repeated && wire === LENGTH) {
				const stop = readLength(c) + c.pos;
				const outer = c.end;
				c.end = stop;
				const list = listOf(values, field);
				while (c.pos < stop) list.push(readScalar(c, field));
				c.end = outer;
			} else skipField(c, tag);
		}
	}
	if (endTag !== 0) throw new WireError("truncated group");
}

function readMessageField(
	c: Cursor,
	into: DynamicMessage,
	field: FieldType,
	type: MessageType,
	tag: number,
): void {
	const before = field.repeated ? undefined : (into.values.get(field.number) as DynamicMessage | undefined);
	const message = before ?? emptyMessage(type);
	if (field.group) {
		if (++c.depth > MAX_MESSAGE_DEPTH) throw new WireError("messages are nested too deep");
		readDynamic(c, message, tag - START_GROUP + END_GROUP);
		c.depth--;
	} else {
		const outer = enter(c);
		readDynamic(c, message);
		leave(c, outer);
	}
	if (!field.repeated) setSingular(into, field, message);
	else if (type.mapEntry) setEntry(into.values, field, message);
	else listOf(into.values, field).push(message);
}

function listOf(values: DynamicMessage["values"], field: FieldType): Single[] {
	let list = values.get(field.number) as Single[] | undefined;
	if (list === undefined) {
		list = [];
		values.set(field.number, list);
	}
	return list;
}

function setSingular({ type, values }: DynamicMessage, field: FieldType, value: Single): void {
	if (field.oneof !== undefined) {
		for (const number of values.keys()) {
			if (number !== field.number && type.fields.get(number)?.oneof === field.oneof) values.delete(number);
		}
	}
	values.set(field.number, value);
}

function setEntry(values: DynamicMessage["values"], field: FieldType, entry: DynamicMessage): void {
	let map = values.get(field.number) as Map<string, Single> | undefined;
	if (map === undefined) {
		map = new Map();
		values.set(field.number, map);
	}
	const key = entry.values.get(1) ?? zeroOf(entry.type.fields.get(1) as FieldType);
	const value = entry.values.get(2) ?? zeroOf(entry.type.fields.get(2) as FieldType);
	map.set(String(key), value as Single);
}

const EMPTY = Buffer.alloc(0);

/** What a field holds that was not sent. */
export function zeroOf(field: FieldType): Single {
	if (field.message !== undefined) return emptyMessage(field.message);
	if (field.kind === 8) return false;
	if (field.kind === 9) return "";
	return field.kind === 12 ? EMPTY : 0;
}

/** The value of a field that is no message, its tag read. */
export function readScalar(c: Cursor, field: FieldType): Scalar {
	switch (field.kind) {
		case 1:
			return readDouble(c);
		case 2:
			return fixed(c, 4).readFloatLE();
		case 3:
			return readInt64(c);
		case 4:
			return BigInt.asUintN(64, BigInt(readInt64(c)));
		case 5:
		case 14:
			return readInt32(c);
		case 6:
			return fixed(c, 8).readBigUInt64LE();
		case 7:
			return fixed(c, 4).readUInt32LE();
		case 8:
			return readBool(c);
		case 9:
			return readString(c);
		case 12:
			return readBytes(c);
		case 13:
			return readUint32(c);
		case 15:
			return fixed(c, 4).readInt32LE();
		case 16:
			return fixed(c, 8).readBigInt64LE();
		case 17: {
			const value = readUint32(c);
			return (value >>> 1) ^ -(value & 1);
		}
		default: {
			const value = BigInt.asUintN(64, BigInt(readInt64(c)));
			return (value >> 1n) ^ -(value & 1n);
		}
	}
}

function fixed(c: Cursor, size: number): Buffer {
	if (c.end - c.pos < size) throw new WireError("truncated field");
	c.pos += size;
	return c.bytes.subarray(c.pos - size, c.pos);
}
