import { Buffer } from "node:buffer";
import { MASK, RELEASE, WITHHOLD } from "../../../fields/automaton.ts";
import { MAX_DEPTH } from "../../../fields/limits.ts";
import type { PathNode } from "../../../fields/path-tree.ts";
import type { MaskContext } from "../../../fields/scan/json-scanner.ts";
import type { MaskAction, ScalarKind } from "../../../fields/strategies.ts";
import type { Descriptors, FieldType, MessageType } from "../descriptors.ts";
import type { Cursor } from "../reader.ts";
import { createMessageEditor, type MessageEditor } from "./editor.ts";
import { type Instance, nextOf } from "./instance.ts";
import { createPlaces, type Places } from "./places.ts";
import { Refused } from "./refused.ts";

/** What a value is in JSON. */
export type Kind = ScalarKind | "null" | "object" | "array";

/** What becomes of a value: it stays (edited, maybe), goes, is emptied, or this content stands in its place. */
export type Outcome = "stays" | "withheld" | "absent" | Buffer;

/** A message inside of what is being read. */
export interface Inner {
	readonly type: MessageType;
	/** Null inside of what goes anyway: then only its form is checked. */
	readonly node: PathNode | null;
	/** Containers around it. */
	readonly level: number;
	readonly instance: Instance;
	/** Where its length stands; {@link GROUP} and {@link NO_LEVEL} where there is none. */
	readonly lengthAt: number;
	/** Tag that ends a group; 0 for what has a length. */
	readonly endTag: number;
}

export const GROUP = -1;
/** Not a value inside another one, as far as the editor is concerned: the body's own message. */
export const NO_LEVEL = -2;

/** The way through the messages of one body, and what is done on it. */
export interface Walk {
	readonly context: MaskContext;
	readonly descriptors: Descriptors;
	readonly editor: MessageEditor;
	readonly places: Places;
	/** The message at hand. */
	bytes: Buffer;
	/** Where the content ends that was read last: before the end tag of a group. */
	contentEnd: number;
	/** Judges the message whose content begins at `c.pos` and, but for a group, ends at `c.end`. */
	message(c: Cursor, inner: Inner): Outcome;
}

/** One for all: a message is begun and finished without a pause in which another could begin. */
const editor = createMessageEditor();

export function createWalk(
	context: MaskContext,
	descriptors: Descriptors,
	message: (walk: Walk, c: Cursor, inner: Inner) => Outcome,
): Walk {
	const walk: Walk = {
		context,
		descriptors,
		editor,
		places: createPlaces(context.tree, context.tally),
		bytes: Buffer.alloc(0),
		contentEnd: 0,
		message: (c, inner) => message(walk, c, inner),
	};
	return walk;
}

/** The verdict over a value of this kind, counted; containers that are entered are not. */
export function judge(walk: Walk, node: PathNode, kind: Kind): number {
	if (kind !== "object" && kind !== "array") return judgeScalar(walk, node);
	const verdict = kind === "object" ? node.object : node.array;
	const entry = kind === "object" ? node.objectEntry : node.arrayEntry;
	if (verdict !== RELEASE) walk.context.tally.count(entry, node, verdict);
	return verdict;
}

export function judgeScalar({ context }: Walk, node: PathNode): number {
	const { tally } = context;
	const { counts } = tally;
	const entry = node.scalarEntry;
	if (entry >= 0 && entry < counts.length && counts[entry]! > 0) counts[entry]! += 1;
	else tally.count(entry, node, node.scalar);
	return node.scalar;
}

export function actionOf({ context }: Walk, verdict: number): MaskAction {
	return context.plan.actions[verdict - MASK]!;
}

/** `[start, end)` holds something that the descriptor set does not know, inside the object at `node`. */
export function judgeUnknown(
	{ context, editor }: Walk,
	node: PathNode | null,
	start: number,
	end: number,
): void {
	if (node === null) return;
	const keep = node.state.opaque;
	const { tree, tally } = context;
	tally.countUnknown(tree.unnamed(node, tally.counting), keep ? RELEASE : WITHHOLD);
	if (!keep) editor.cut(start, end);
}

/** Whether the elements of a repeated field are judged one by one; an array that is not counts once. */
export function entersArray(walk: Walk, node: PathNode, field: FieldType, instance: Instance): boolean {
	if (node.array === RELEASE) return true;
	if (nextOf(instance, field.number) === 0) walk.context.tally.count(node.arrayEntry, node, node.array);
	return false;
}

/** The node of the next element of a repeated field. */
export function elementOf(walk: Walk, array: PathNode, number: number, instance: Instance): PathNode {
	return walk.places.element(array, array.indexed ? nextOf(instance, number) : 0);
}

/** @throws Refused where containers are nested too deep */
export function requireLevel(level: number): void {
	if (level > MAX_DEPTH) throw new Refused("body_too_deep");
}
