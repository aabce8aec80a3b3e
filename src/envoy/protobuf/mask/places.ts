import type { Buffer } from "node:buffer";
import type { PathNode, PathTree } from "../../../fields/path-tree.ts";
import type { Tally } from "../../../fields/tally.ts";
import type { FieldType, MessageType } from "../descriptors.ts";

/** A message's place in a body: the node of its path, and those of its fields as far as they were met. */
export interface Place {
	readonly node: PathNode;
	readonly type: MessageType;
	readonly fields: Map<number, PathNode>;
}

/** The way from fields to the nodes of their paths; what was found once is found again without a look at names. */
export interface Places {
	placeOf(node: PathNode, type: MessageType): Place;
	fieldNode(place: Place, field: FieldType): PathNode;
	/** The member whose name is the UTF-8 text `bytes[start, end)`. */
	memberNode(node: PathNode, bytes: Buffer, start: number, end: number): PathNode;
	named(node: PathNode, name: string): PathNode;
	element(node: PathNode, index: number): PathNode;
}

const known = new WeakMap<PathNode, Place>();

export function createPlaces(tree: PathTree, tally: Tally): Places {
	return {
		placeOf(node, type) {
			const found = known.get(node);
			if (found !== undefined && found.type === type) return found;
			const place: Place = { node, type, fields: new Map() };
			if (node.attached) known.set(node, place);
			return place;
		},
		fieldNode(place, field) {
			const found = place.fields.get(field.number);
			if (found !== undefined) return found;
			const node = tree.named(place.node, field.jsonName, tally.counting);
			if (node.attached) place.fields.set(field.number, node);
			return node;
		},
		memberNode(node, bytes, start, end) {
			// The tree takes names as they stand in JSON, and most stand there as they are.
			for (let i = start; i < end; i++) {
				const c = bytes[i] as number;
				if (c < 0x20 || c === 0x22 || c === 0x5c)
					return tree.named(node, bytes.toString("utf8", start, end), tally.counting);
			}
			return tree.member(node, bytes, start, end, tally.counting).node;
		},
		named: (node, name) => tree.named(node, name, tally.counting),
		element: (node, index) => {
			if (!node.indexed && node.element !== null) return node.element;
			return tree.element(node, index, tally.counting);
		},
	};
}
