import type { Place, Placed, PlacedMap } from "../../lib/placed.ts";
import { readFilter } from "../filter.ts";
import type { Collected, Filter } from "../model.ts";
import { fieldAt, mapAt, mapsAt, placeAt, textAt } from "../read-node.ts";

/** One `configPatches` entry of an EnvoyFilter. */
export interface Patch {
	readonly applyTo: string;
	readonly operation: string;
	/** SIDECAR_INBOUND, GATEWAY, …; ANY where none is given. */
	readonly context: string;
	/** Where the context is said, or would be. */
	readonly contextAt: Place;
	/** The HTTP filter that the patch is about, or beside which it inserts. */
	readonly beside?: string;
	readonly value?: Placed;
}

export function patchesOf({ resources }: Collected): readonly Patch[] {
	return resources
		.filter(({ kind, group }) => kind === "EnvoyFilter" && group === "networking.istio.io")
		.flatMap(({ node }) => mapsAt(node, "spec", "config_patches"))
		.map((each) => {
			const beside = textAt(each, "match", "listener", "filter_chain", "filter", "sub_filter", "name");
			const value = fieldAt(each, "patch", "value")?.value;
			return {
				applyTo: textAt(each, "apply_to") ?? "",
				operation: textAt(each, "patch", "operation") ?? "",
				context: textAt(each, "match", "context") ?? "ANY",
				contextAt: placeAt(each, each.place, "match", "context"),
				...(beside === undefined ? {} : { beside }),
				...(value === undefined ? {} : { value }),
			};
		});
}

const INSERTS: ReadonlySet<string> = new Set(["INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST", "ADD"]);

/** The filters that patches insert, in the places that they name, around those that Istio makes. */
export function insertFilters(own: readonly Filter[], patches: readonly Patch[]): readonly Filter[] {
	const filters = [...own];
	for (const patch of patches) {
		if (patch.applyTo !== "HTTP_FILTER" || !INSERTS.has(patch.operation) || patch.value?.kind !== "map")
			continue;
		const filter = readFilter(patch.value, "envoy");
		const index = filters.findIndex(({ name }) => name === patch.beside);
		if (patch.operation === "INSERT_FIRST") filters.unshift(filter);
		else if (index < 0 || patch.operation === "ADD") filters.push(filter);
		else filters.splice(patch.operation === "INSERT_AFTER" ? index + 1 : index, 0, filter);
	}
	return filters;
}

/** What MERGE patches lay over the filter of a name. */
export function mergesFor(name: string, patches: readonly Patch[]): readonly PlacedMap[] {
	return patches.flatMap((patch) => {
		if (patch.applyTo !== "HTTP_FILTER" || patch.operation !== "MERGE") return [];
		if ((patch.beside ?? textAt(patch.value, "name")) !== name) return [];
		return mapAt(patch.value, "typed_config") ?? [];
	});
}

/** What MERGE patches lay over the connection manager. */
export function managerMerges(patches: readonly Patch[]): readonly PlacedMap[] {
	return patches.flatMap((patch) =>
		patch.applyTo === "NETWORK_FILTER" && patch.operation === "MERGE"
			? (mapAt(patch.value, "typed_config") ?? [])
			: [],
	);
}

/** Filters that patches replace as a whole. */
export function replacements(patches: readonly Patch[]): readonly Filter[] {
	return patches.flatMap((patch) =>
		patch.applyTo === "HTTP_FILTER" && patch.operation === "REPLACE" && patch.value?.kind === "map"
			? [readFilter(patch.value, "envoy")]
			: [],
	);
}
