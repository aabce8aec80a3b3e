import type { Buffer } from "node:buffer";
import type { PathNode } from "../../../fields/path-tree.ts";
import type { MaskAction, ScalarKind } from "../../../fields/strategies.ts";
import type { JsonObject, JsonValue } from "../../../lib/json-value.ts";
import type { MessageType } from "../descriptors.ts";
import {
	type Cursor,
	readBool,
	readDouble,
	readInt64,
	readLength,
	readTag,
	skipField,
	VARINT,
} from "../reader.ts";
import { VALUE_BOOL, VALUE_NUMBER, VALUE_STRING, writeList, writeStruct, writeValue } from "../struct.ts";
import { createWriter, finish, type Writer, writeBytes, writeUint } from "../writer.ts";
import { fixedJson, maskEmpty, maskScalar, maskText } from "./mask-scalar.ts";
import { writeVarint } from "./scalars.ts";
import type { Kind, Outcome, Walk } from "./walk.ts";
import { leastMessage } from "./zero.ts";

/**
 * What takes the place of the content of a message that is masked; `c` stands on that content. Only types that JSON
 * knows in a form of their own can show anything of it: the rest is `absent`, as JSON's null is in protobuf.
 */
export function maskedContent(
	walk: Walk,
	type: MessageType,
	kind: Kind,
	c: Cursor,
	action: MaskAction,
	node: PathNode,
): Outcome {
	switch (type.shape) {
		case "value":
			return maskedValue(walk, kind, c, action, node);
		case "wrapper":
			return maskedWrapper(walk, type, c, action, node);
		case "text":
			return maskedTextual(type, c, action);
		case "struct":
		case "list":
			return constantContainer(type, action);
		default:
			return "absent";
	}
}

function written(write: (w: Writer) => void): Buffer {
	const w = createWriter(64);
	write(w);
	return finish(w);
}

function constantContainer(type: MessageType, action: MaskAction): Outcome {
	const value = action.fixed.container === undefined ? null : fixedJson(action.fixed.container);
	if (typeof value !== "object" || value === null) return "absent";
	if (type.shape === "list") {
		return Array.isArray(value) ? written((w) => writeList(w, value as readonly JsonValue[])) : "absent";
	}
	return Array.isArray(value) ? "absent" : written((w) => writeStruct(w, value as JsonObject));
}

/** A Value has room for whatever a strategy makes of JSON. It is written anew: what else stood in it goes. */
function maskedValue(walk: Walk, kind: Kind, c: Cursor, action: MaskAction, node: PathNode): Outcome {
	const fixed = action.fixed[kind === "object" || kind === "array" ? "container" : kind];
	const value =
		fixed === undefined ? readAndMask(walk, kind as ScalarKind, c, action, node) : fixedJson(fixed);
	return written((w) => writeValue(w, value));
}

function readAndMask(walk: Walk, kind: ScalarKind, c: Cursor, action: MaskAction, node: PathNode): JsonValue {
	const { options } = walk.context;
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === VALUE_STRING) {
			const length = readLength(c);
			const end = c.pos + length;
			return maskText(walk, action, node, kind, c.pos, end) ?? walk.bytes.toString("utf8", c.pos, end);
		}
		if (tag === VALUE_NUMBER) {
			const number = readDouble(c);
			return action.apply(kind, numberText(number), node.path, options) ?? number;
		}
		if (tag === VALUE_BOOL) {
			const bool = readBool(c);
			return action.apply(kind, String(bool), node.path, options) ?? bool;
		}
		skipField(c, tag);
	}
	return null;
}

/** As protojson writes it. */
function numberText(value: number): string {
	return Object.is(value, -0) ? "-0" : String(value);
}

function maskedWrapper(
	walk: Walk,
	type: MessageType,
	c: Cursor,
	action: MaskAction,
	node: PathNode,
): Outcome {
	const field = type.fields.get(1);
	if (field === undefined) return "absent";
	let valueAt = -1;
	let end = -1;
	while (c.pos < c.end) {
		const tag = readTag(c);
		const start = c.pos;
		skipField(c, tag);
		if (tag !== 8 + field.wire) continue;
		valueAt = start;
		end = c.pos;
	}
	const by =
		valueAt < 0 ? maskEmpty(walk, action, field, node) : maskScalar(walk, action, field, node, valueAt, end);
	if (by === null) return "absent";
	const { bytes } = walk;
	return written((w) => {
		if (by === undefined && valueAt < 0) return;
		writeUint(w, 8 + field.wire);
		if (by === undefined) writeBytes(w, bytes, valueAt, end);
		else writeBytes(w, by, 0, by.length);
	});
}

const TIMESTAMP = "google.protobuf.Timestamp";
const SECONDS = (1 << 3) | VARINT;
const MIN_SECONDS = -62_135_596_800;
const MAX_SECONDS = 253_402_300_799;

/** A Timestamp, Duration or FieldMask: empty, but for the `year` of a Timestamp, which is the first moment of it. */
function maskedTextual(type: MessageType, c: Cursor, action: MaskAction): Outcome {
	const { fixed } = action;
	if (fixed.string !== undefined && fixedJson(fixed.string) === null) return "absent";
	if (action.as !== "year" || type.name !== TIMESTAMP) return leastMessage(type);
	let seconds = 0;
	while (c.pos < c.end) {
		const tag = readTag(c);
		if (tag === SECONDS) seconds = Number(readInt64(c));
		else skipField(c, tag);
	}
	if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) return leastMessage(type);
	const year = new Date(0);
	year.setUTCFullYear(new Date(seconds * 1000).getUTCFullYear(), 0, 1);
	return written((w) => {
		writeUint(w, SECONDS);
		writeVarint(w, BigInt(year.getTime() / 1000));
	});
}
