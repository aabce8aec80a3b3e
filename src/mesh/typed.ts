import type { Place, Placed, PlacedMap } from "../lib/placed.ts";
import { isTypedStruct, messageName } from "./messages.ts";
import { fieldOf, mapAt, textAt } from "./read-node.ts";

/** A packed message: its full name and its fields. */
export interface Typed {
	/** Empty when no `@type` says it. */
	readonly type: string;
	readonly config: PlacedMap;
	readonly at: Place;
}

/** Reads an Any, and what a TypedStruct in one stands for. */
export function typedOf(node: Placed | undefined): Typed | undefined {
	if (node?.kind !== "map") return undefined;
	const url = node.entries.find(({ key }) => key === "@type");
	const type = url?.value.kind === "scalar" ? messageName(String(url.value.value)) : "";
	if (!isTypedStruct(type)) return { type, config: node, at: url?.place ?? node.place };
	const inner = textAt(node, "type_url");
	const value = mapAt(node, "value") ?? { kind: "map", place: node.place, entries: [] };
	return {
		type: messageName(inner ?? ""),
		config: value,
		at: fieldOf(node, "type_url")?.place ?? node.place,
	};
}

/** As {@link typedOf}, of the field `typed_config` of an extension. */
export function extensionOf(node: Placed | undefined): Typed | undefined {
	return typedOf(fieldOf(node, "typed_config")?.value);
}

/** Where messages of a type stand below a node. */
export function placesOf(node: Placed, type: string): readonly Place[] {
	if (node.kind === "scalar") return [];
	if (node.kind === "list") return node.items.flatMap((item) => placesOf(item, type));
	const typed = typedOf(node);
	if (typed?.type === type) return [typed.at];
	return node.entries.flatMap(({ value }) => placesOf(value, type));
}
