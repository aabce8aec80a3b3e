import { RELEASE, WITHHOLD } from "../../../fields/automaton.ts";
import { MAX_KEY_BYTES } from "../../../fields/limits.ts";
import type { PathNode } from "../../../fields/path-tree.ts";
import type { FieldType } from "../descriptors.ts";
import { readScalar } from "../dynamic-message.ts";
import { type Cursor, cursor, readLength, readTag, skipField, WireError } from "../reader.ts";
import { type Instance, instanceIn, nextOf } from "./instance.ts";
import { maskEmpty, maskScalar, skipScalar } from "./mask-scalar.ts";
import type { Place } from "./places.ts";
import { Refused } from "./refused.ts";
import { withLength } from "./scalars.ts";
import { actionOf, judgeScalar, NO_LEVEL, type Outcome, requireLevel, type Walk } from "./walk.ts";
import { zeroValue } from "./zero.ts";

const STRING = 9;
const BOOL = 8;

/** One entry of a map that is a field; `level` counts the map too. */
export function mapField(
	walk: Walk,
	c: Cursor,
	field: FieldType,
	place: Place | null,
	start: number,
	level: number,
	instance: Instance,
): void {
	const map = place === null ? null : walk.places.fieldNode(place, field);
	const entered = map === null || map.object === RELEASE;
	mapEntry(walk, c, field, entered ? map : null, start, level);
	if (entered) return;
	if (nextOf(instance, field.number) === 0) walk.context.tally.count(map.objectEntry, map, map.object);
	walk.editor.cut(start, c.pos);
}

/**
 * A member of the object at `map`. What a reader could take in two ways, and no writer makes, is refused: a key or a
 * value given twice, and anything else in an entry.
 */
export function mapEntry(
	walk: Walk,
	c: Cursor,
	field: FieldType,
	map: PathNode | null,
	start: number,
	level: number,
): void {
	requireLevel(level);
	const { editor } = walk;
	const keyField = field.message?.fields.get(1) as FieldType;
	const valueField = field.message?.fields.get(2) as FieldType;
	const keyTag = 8 + keyField.wire;
	const valueTag = 16 + valueField.wire;
	const lengthAt = c.pos;
	const length = readLength(c);
	const at = c.pos;
	const stop = at + length;
	const outer = c.end;
	c.end = stop;
	let keyAt = -1;
	let valueAt = -1;
	let valueEnd = stop;
	while (c.pos < stop) {
		const tag = readTag(c);
		if (tag === keyTag && keyAt < 0) {
			keyAt = c.pos;
			skipScalar(walk, c, keyField, tag);
		} else if (tag === valueTag && valueAt < 0) {
			valueAt = c.pos;
			if (valueField.message === undefined) skipScalar(walk, c, valueField, tag);
			else skipField(c, tag);
			valueEnd = c.pos;
		} else throw new WireError("an entry of a map that is more than a key and a value");
	}
	c.end = outer;
	const node = memberOf(walk, map, keyField, keyAt, stop);
	const value = { field: valueField, at: valueAt, end: valueEnd };
	if (node !== null) editor.enter(lengthAt, at);
	const outcome = entryValue(walk, value, node, level);
	if (node === null) return;
	if (outcome !== "stays" && outcome !== "withheld") {
		const by = outcome === "absent" ? zeroValue(valueField) : outcome;
		if (valueAt >= 0) editor.replace(valueAt, valueEnd, by);
		else editor.replace(stop, stop, Uint8Array.of(valueTag, ...by));
	}
	editor.leave(stop);
	if (outcome === "withheld") editor.cut(start, stop);
}

/** The node of an entry's key, which JSON has as text. One that is missing is zero. */
function memberOf(
	{ bytes, places }: Walk,
	map: PathNode | null,
	field: FieldType,
	keyAt: number,
	stop: number,
): PathNode | null {
	if (keyAt < 0) {
		const zero = field.kind === STRING ? "" : field.kind === BOOL ? "false" : "0";
		return map === null ? null : places.named(map, zero);
	}
	const c = cursor(bytes, keyAt, stop);
	if (field.kind !== STRING) return map === null ? null : places.named(map, String(readScalar(c, field)));
	const length = readLength(c);
	if (length > MAX_KEY_BYTES) throw new Refused("body_too_large");
	return map === null ? null : places.memberNode(map, bytes, c.pos, c.pos + length);
}

/** What stands behind the tag of an entry's value; `at` is -1 where it is missing, which means the zero value. */
interface EntryValue {
	readonly field: FieldType;
	readonly at: number;
	readonly end: number;
}

function entryValue(walk: Walk, value: EntryValue, node: PathNode | null, level: number): Outcome {
	const { field, at, end } = value;
	if (field.message !== undefined) {
		const inside = cursor(walk.bytes, at < 0 ? end : at, end);
		if (at >= 0) readLength(inside);
		const outcome = walk.message(inside, {
			type: field.message,
			node,
			level,
			instance: instanceIn(null, 0),
			lengthAt: at < 0 ? NO_LEVEL : at,
			endTag: 0,
		});
		return typeof outcome === "string" ? outcome : withLength(outcome);
	}
	if (node === null) return "stays";
	const verdict = judgeScalar(walk, node);
	if (verdict === RELEASE) return "stays";
	if (verdict === WITHHOLD) return "withheld";
	const action = actionOf(walk, verdict);
	const by = at < 0 ? maskEmpty(walk, action, field, node) : maskScalar(walk, action, field, node, at, end);
	return by === undefined ? "stays" : (by ?? "absent");
}
