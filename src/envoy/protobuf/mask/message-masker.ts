import { RELEASE, WITHHOLD } from "../../../fields/automaton.ts";
import type { PathNode } from "../../../fields/path-tree.ts";
import type { MessageMasker } from "../../../fields/scan/grpc-messages.ts";
import type { MaskContext } from "../../../fields/scan/json-scanner.ts";
import type { Descriptors, MessageType } from "../descriptors.ts";
import { asBuffer, type Cursor, cursor, WireError } from "../reader.ts";
import type { Shape } from "../shape.ts";
import { type AnyParts, readAnyParts } from "./any-parts.ts";
import { instanceIn } from "./instance.ts";
import { maskedContent } from "./masked-content.ts";
import { objectFields } from "./message-fields.ts";
import { Refused } from "./refused.ts";
import { jsonKindOf } from "./scalars.ts";
import {
	actionOf,
	createWalk,
	type Inner,
	judge,
	type Kind,
	NO_LEVEL,
	type Outcome,
	type Walk,
} from "./walk.ts";
import {
	anyContent,
	listElements,
	scalarContent,
	structMembers,
	valueContent,
	valueKind,
} from "./well-known-contents.ts";
import { leastMessage } from "./zero.ts";

/**
 * Masks messages of `type` by the selectors of a plan, which address them in the shape that proto3 JSON gives them. The
 * bytes of what is released are copied as they came; every occurrence of a field is judged. What the descriptor set does
 * not know goes, but under a directive without `release` that has nothing to hide there.
 */
export function createMessageMasker(
	descriptors: Descriptors,
	type: MessageType,
	context: MaskContext,
): MessageMasker {
	const walk = createWalk(context, descriptors, judgeMessage);
	return (given) => {
		const bytes = asBuffer(given);
		walk.bytes = bytes;
		walk.editor.begin(bytes);
		try {
			const outcome = walk.message(cursor(bytes), {
				type,
				node: context.tree.root,
				level: 0,
				instance: instanceIn(null, 0),
				lengthAt: NO_LEVEL,
				endTag: 0,
			});
			if (outcome === "stays") {
				const edited = walk.editor.finish(bytes.length);
				return edited === bytes ? given : edited;
			}
			return typeof outcome === "string" ? leastMessage(type) : outcome;
		} catch (thrown) {
			if (thrown instanceof Refused) return thrown.refusal;
			if (thrown instanceof WireError) return "body_malformed";
			throw thrown;
		}
	};
}

function judgeMessage(walk: Walk, c: Cursor, inner: Inner): Outcome {
	const { type, node, lengthAt } = inner;
	const shape = type.shape;
	if (inner.endTag !== 0 && shape !== "object") throw new Refused("body_unsupported");
	const start = c.pos;
	const parts = shape === "any" ? readAnyParts(c, walk.descriptors) : undefined;
	const kind = kindOf(c, type);
	if (node === null) {
		readContent(walk, c, inner, parts);
		return "stays";
	}
	const hidden = parts !== undefined && node.object === RELEASE && hidesAny(walk, parts, node);
	const verdict = hidden ? WITHHOLD : judge(walk, node, kind);
	if (verdict === RELEASE) {
		if (lengthAt !== NO_LEVEL) walk.editor.enter(lengthAt, start);
		readContent(walk, c, inner, parts);
		if (lengthAt !== NO_LEVEL) walk.editor.leave(c.pos);
		return "stays";
	}
	if (hidden) walk.context.tally.countUnknown(node, WITHHOLD);
	// What goes is checked all the same.
	readContent(walk, c, { ...inner, node: null }, parts);
	if (verdict === WITHHOLD) return "withheld";
	const content = cursor(walk.bytes, start, walk.contentEnd);
	return maskedContent(walk, type, kind, content, actionOf(walk, verdict), node);
}

/** An Any that nobody here can read, or whose type is hidden, without which nobody can. */
function hidesAny({ places }: Walk, parts: AnyParts, node: PathNode): boolean {
	if (parts.url !== "" && places.named(node, "@type").state.sealed) return true;
	return parts.type === undefined && parts.valueAt >= 0 && !node.state.opaque;
}

function kindOf(c: Cursor, type: MessageType): Kind {
	switch (type.shape) {
		case "list":
			return "array";
		case "text":
			return "string";
		case "wrapper": {
			const field = type.fields.get(1);
			return field === undefined ? "string" : jsonKindOf(field);
		}
		case "value":
			return valueKind(c);
		default:
			return "object";
	}
}

type Read = (walk: Walk, c: Cursor, inner: Inner) => void;

const CONTENTS: Readonly<Record<Exclude<Shape, "any">, Read>> = {
	object: objectFields,
	struct: structMembers,
	list: listElements,
	value: valueContent,
	text: scalarContent,
	wrapper: scalarContent,
};

/** `parts`: of an Any. */
function readContent(walk: Walk, c: Cursor, inner: Inner, parts: AnyParts | undefined): void {
	const shape = inner.type.shape;
	if (shape !== "any") CONTENTS[shape](walk, c, inner);
	else if (parts !== undefined) anyContent(walk, c, inner, parts);
}
