import { RELEASE, WITHHOLD } from "../../../fields/automaton.ts";
import type { FieldType, MessageType } from "../descriptors.ts";
import { type Cursor, LENGTH, readLength, readTag, skipField, WireError } from "../reader.ts";
import { chooseMember, type Instance, instanceIn, nextOf } from "./instance.ts";
import { mapField } from "./map-entries.ts";
import { maskScalar, skipScalar } from "./mask-scalar.ts";
import type { Place } from "./places.ts";
import { withLength } from "./scalars.ts";
import {
	actionOf,
	elementOf,
	entersArray,
	GROUP,
	type Inner,
	judgeScalar,
	judgeUnknown,
	requireLevel,
	type Walk,
} from "./walk.ts";
import { leastMessage, zeroValue } from "./zero.ts";

const END_GROUP = 4;

/**
 * Judges the fields of an object one by one, as they come: each occurrence of a singular field, each element of a
 * repeated one, packed or not. A known field in a wrong wire type is an unknown field.
 */
export function objectFields(walk: Walk, c: Cursor, object: Inner): void {
	const { type, node, endTag } = object;
	const level = object.level + 1;
	requireLevel(level);
	const place = node === null ? null : walk.places.placeOf(node, type);
	while (c.pos < c.end) {
		const start = c.pos;
		const tag = readTag(c);
		if (tag === endTag) {
			walk.contentEnd = start;
			return;
		}
		const field = type.fields.get(tag >>> 3);
		const form = field === undefined ? "unknown" : formOf(field, tag & 7);
		if (field === undefined || form === "unknown") {
			skipField(c, tag);
			judgeUnknown(walk, node, start, c.pos);
			continue;
		}
		const inside = field.repeated ? level + 1 : level;
		requireLevel(inside);
		if (field.oneof !== undefined && type.mixedOneofs.has(field.oneof))
			chooseMember(object.instance, field.oneof, field.number);
		const { instance } = object;
		if (form === "scalar") scalarField(walk, c, field, tag, start, place, instance);
		else if (form === "packed") packedField(walk, c, field, start, place, instance);
		else if (form === "map") mapField(walk, c, field, place, start, inside, instance);
		else messageField(walk, c, field, start, place, instance, inside);
	}
	if (endTag !== 0) throw new WireError("truncated group");
	walk.contentEnd = c.pos;
}

function formOf(field: FieldType, wire: number): "scalar" | "packed" | "map" | "message" | "unknown" {
	if (wire === field.wire) {
		if (field.message === undefined) return "scalar";
		return field.repeated && field.message.mapEntry ? "map" : "message";
	}
	return field.repeated && field.message === undefined && wire === LENGTH ? "packed" : "unknown";
}

function scalarField(
	walk: Walk,
	c: Cursor,
	field: FieldType,
	tag: number,
	start: number,
	place: Place | null,
	instance: Instance,
): void {
	const { editor, places } = walk;
	const valueAt = c.pos;
	skipScalar(walk, c, field, tag);
	if (place === null) return;
	let node = places.fieldNode(place, field);
	if (field.repeated) {
		if (!entersArray(walk, node, field, instance)) {
			editor.cut(start, c.pos);
			return;
		}
		node = elementOf(walk, node, field.number, instance);
	}
	const verdict = judgeScalar(walk, node);
	if (verdict === RELEASE) return;
	const by =
		verdict === WITHHOLD ? null : maskScalar(walk, actionOf(walk, verdict), field, node, valueAt, c.pos);
	if (by === undefined) return;
	// A required field has to be there, and a masked element keeps its place.
	const kept = field.required || (field.repeated && verdict !== WITHHOLD);
	if (by !== null || kept) editor.replace(valueAt, c.pos, by ?? zeroValue(field));
	else editor.cut(start, c.pos);
}

/** The numbers of a repeated field in one piece. */
function packedField(
	walk: Walk,
	c: Cursor,
	field: FieldType,
	start: number,
	place: Place | null,
	instance: Instance,
): void {
	const { editor } = walk;
	const wire = field.wire;
	const lengthAt = c.pos;
	const length = readLength(c);
	if (length === 0) return;
	const outer = c.end;
	c.end = c.pos + length;
	const array = place === null ? null : walk.places.fieldNode(place, field);
	const entered = array !== null && entersArray(walk, array, field, instance) ? array : null;
	if (entered !== null) editor.enter(lengthAt, c.pos);
	while (c.pos < c.end) {
		const valueAt = c.pos;
		skipField(c, wire);
		if (entered === null) continue;
		const node = elementOf(walk, entered, field.number, instance);
		const verdict = judgeScalar(walk, node);
		if (verdict === RELEASE) continue;
		if (verdict === WITHHOLD) editor.cut(valueAt, c.pos);
		else {
			const by = maskScalar(walk, actionOf(walk, verdict), field, node, valueAt, c.pos);
			if (by !== undefined) editor.replace(valueAt, c.pos, by ?? zeroValue(field));
		}
	}
	c.end = outer;
	if (entered !== null) editor.leave(c.pos);
	else if (array !== null) editor.cut(start, c.pos);
}

/** `level`: containers around the field's value, or around its elements. */
function messageField(
	walk: Walk,
	c: Cursor,
	field: FieldType,
	start: number,
	place: Place | null,
	instance: Instance,
	level: number,
): void {
	const { editor, places } = walk;
	const type = field.message as MessageType;
	const outer = c.end;
	const lengthAt = field.group ? GROUP : c.pos;
	if (!field.group) {
		const length = readLength(c);
		c.end = c.pos + length;
	}
	const at = c.pos;
	// Two halves of an Any, or two kinds of a Value, would make a third one together.
	const whole = type.shape === "any" || type.shape === "value";
	if (whole && !field.repeated && nextOf(instance, field.number) > 0)
		throw new WireError("an Any or a Value given twice");
	let node = place === null ? null : places.fieldNode(place, field);
	const dropped = node !== null && field.repeated && !entersArray(walk, node, field, instance);
	if (dropped) node = null;
	else if (node !== null && field.repeated) node = elementOf(walk, node, field.number, instance);
	const outcome = walk.message(c, {
		type,
		node,
		level,
		instance: instanceIn(instance, field.repeated ? 0 : field.number),
		lengthAt,
		endTag: field.group ? field.number * 8 + END_GROUP : 0,
	});
	c.end = outer;
	const kept = field.required || (field.repeated && outcome !== "withheld");
	if (dropped || ((outcome === "withheld" || outcome === "absent") && !kept)) editor.cut(start, c.pos);
	else if (outcome !== "stays") {
		const by = typeof outcome === "string" ? leastMessage(type) : outcome;
		if (field.group) editor.replace(at, walk.contentEnd, by);
		else editor.replace(lengthAt, c.pos, withLength(by));
	}
}
