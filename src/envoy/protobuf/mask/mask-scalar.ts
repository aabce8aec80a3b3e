import { Buffer } from "node:buffer";
import { MAX_SCALAR_BYTES } from "../../../fields/limits.ts";
import type { PathNode } from "../../../fields/path-tree.ts";
import type { MaskAction, ScalarKind } from "../../../fields/strategies.ts";
import type { JsonValue } from "../../../lib/json-value.ts";
import type { FieldType } from "../descriptors.ts";
import { type Cursor, cursor, readLength, requireUtf8, skipField } from "../reader.ts";
import { Refused } from "./refused.ts";
import { encodeScalar, jsonKindOf } from "./scalars.ts";
import type { Walk } from "./walk.ts";
import { zeroValue } from "./zero.ts";

const STRING = 9;
const parsed = new WeakMap<Uint8Array, JsonValue>();
/** Fixed texts as the fields hold them. */
const encoded = new WeakMap<FieldType, WeakMap<Uint8Array, Buffer | null>>();

/** The JSON value of a strategy's fixed text. */
export function fixedJson(text: Uint8Array): JsonValue {
	let value = parsed.get(text);
	if (value === undefined) {
		value = JSON.parse(Buffer.from(text).toString()) as JsonValue;
		parsed.set(text, value);
	}
	return value;
}

/** Passes over the value of a scalar field, checking its form. */
export function skipScalar({ bytes }: Walk, c: Cursor, field: FieldType, tag: number): void {
	if (field.kind !== STRING) {
		skipField(c, tag);
		return;
	}
	const length = readLength(c);
	const start = c.pos;
	c.pos += length;
	requireUtf8(bytes, start, c.pos);
}

/** What a strategy makes of a string that it has to see, `bytes[start, end)`; undefined: it stays as it is. */
export function maskText(
	{ context, bytes }: Walk,
	action: MaskAction,
	node: PathNode,
	kind: ScalarKind,
	start: number,
	end: number,
): JsonValue | undefined {
	if (end - start > MAX_SCALAR_BYTES) throw new Refused("body_too_large");
	const text = bytes.toString("utf8", start, end);
	const masked = action.apply(kind, text, node.path, context.options);
	if (context.plan.unchanged && (masked === undefined || masked === text))
		context.tally.countUnchanged(node, action.as);
	return masked;
}

/**
 * What stands behind the tag of a scalar field that is masked, in the place of `[valueAt, end)`: null for nothing,
 * undefined where the value stays. Numbers, booleans, bytes and enumerations have no room for what a strategy shows of
 * a text, so they become zero.
 */
export function maskScalar(
	walk: Walk,
	action: MaskAction,
	field: FieldType,
	node: PathNode,
	valueAt: number,
	end: number,
): Buffer | null | undefined {
	const fixed = fixedScalar(action, field);
	if (fixed !== undefined) return fixed;
	if (field.kind !== STRING) return zeroValue(field);
	const c = cursor(walk.bytes, valueAt, end);
	readLength(c);
	const masked = maskText(walk, action, node, "string", c.pos, end);
	return masked === undefined ? undefined : encodeScalar(field, masked);
}

/** As {@link maskScalar}, for what takes the place of every value; undefined for a strategy that has to see it. */
function fixedScalar(action: MaskAction, field: FieldType): Buffer | null | undefined {
	const fixed = action.fixed[jsonKindOf(field)];
	if (fixed === undefined) return undefined;
	let known = encoded.get(field);
	if (known === undefined) {
		known = new WeakMap();
		encoded.set(field, known);
	}
	let bytes = known.get(fixed);
	if (bytes === undefined) {
		const value = fixedJson(fixed);
		bytes = value === null ? null : encodeScalar(field, value);
		known.set(fixed, bytes);
	}
	return bytes;
}

/** As {@link maskScalar}, for the default that a missing value stands for, of a wrapper or an entry of a map: an empty text is a text too. */
export function maskEmpty(
	walk: Walk,
	action: MaskAction,
	field: FieldType,
	node: PathNode,
): Buffer | null | undefined {
	const fixed = fixedScalar(action, field);
	if (fixed !== undefined || field.kind !== STRING) return fixed;
	const masked = maskText(walk, action, node, "string", 0, 0);
	return masked === undefined ? undefined : encodeScalar(field, masked);
}
