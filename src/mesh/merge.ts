import type { Placed, PlacedEntry, PlacedMap } from "../lib/placed.ts";
import { camelCase } from "./read-node.ts";

/** Lays a patch over a message as protobuf merges: maps field by field, lists one behind the other, the rest replaced. */
export function mergeMessages(base: PlacedMap, patch: PlacedMap): PlacedMap {
	const entries: PlacedEntry[] = [...base.entries];
	for (const entry of patch.entries) {
		const name = camelCase(entry.key);
		const index = entries.findIndex(({ key }) => camelCase(key) === name);
		const own = entries[index];
		if (own === undefined) entries.push(entry);
		else entries[index] = { ...entry, value: mergeValues(own.value, entry.value) };
	}
	return { kind: "map", place: base.place, entries };
}

function mergeValues(base: Placed, patch: Placed): Placed {
	if (base.kind === "map" && patch.kind === "map") return mergeMessages(base, patch);
	if (base.kind === "list" && patch.kind === "list") {
		return { kind: "list", place: patch.place, items: [...base.items, ...patch.items] };
	}
	return patch;
}
