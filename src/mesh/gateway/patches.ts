import type { Placed, PlacedMap } from "../../lib/placed.ts";
import type { Collected } from "../model.ts";
import { camelCase, fieldAt, fieldOf, mapsAt, textAt } from "../read-node.ts";
import { KNOWN_FIELDS } from "../rules/known-fields.ts";
import { mapWith } from "../synthetic.ts";

/** One operation of an EnvoyPatchPolicy. */
export interface GatewayPatch {
	readonly op: string;
	/** Segments of the JSON pointer, without the escapes. */
	readonly path: readonly string[];
	readonly value?: Placed;
}

export function gatewayPatches({ resources }: Collected): readonly GatewayPatch[] {
	return resources
		.filter(({ kind, group }) => kind === "EnvoyPatchPolicy" && group === "gateway.envoyproxy.io")
		.flatMap(({ node }) => mapsAt(node, "spec", "json_patches"))
		.map((each) => {
			const value = fieldAt(each, "operation", "value");
			const path = (textAt(each, "operation", "path") ?? "").split("/").slice(1);
			return {
				op: textAt(each, "operation", "op") ?? "",
				path: path.map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~")),
				...(value === undefined ? {} : { value: { ...value.value, place: value.place } }),
			};
		});
}

/**
 * What the patches set in messages of a kind, as messages to be merged. Which filter of a chain a path means cannot be
 * seen, so a setting counts for every message that knows its name.
 */
export function settingsFor(
	message: "ExtAuthz" | "ExternalProcessor",
	patches: readonly GatewayPatch[],
): readonly PlacedMap[] {
	const known = Object.keys(KNOWN_FIELDS[message] ?? {});
	return patches.flatMap((patch) => {
		const fields = behindTypedConfig(patch);
		const [first = ""] = fields;
		if (!known.some((name) => name === first || camelCase(name) === first)) return [];
		return asMessage(fields, patch);
	});
}

/** What the patches set in the connection manager. */
export function managerSettings(patches: readonly GatewayPatch[]): readonly PlacedMap[] {
	const filters = new Set(
		["ExtAuthz", "ExternalProcessor"].flatMap((message) => Object.keys(KNOWN_FIELDS[message] ?? {})),
	);
	return patches.flatMap((patch) => {
		const fields = behindTypedConfig(patch);
		const [first = ""] = fields;
		if (first === "" || first === "http_filters" || filters.has(first)) return [];
		return asMessage(fields, patch);
	});
}

/** Whether a patch takes upgrades away. */
export function removesUpgrades(patches: readonly GatewayPatch[]): boolean {
	return patches.some(({ op, path }) => op === "remove" && /^upgrade_?configs$/i.test(path.at(-1) ?? ""));
}

/** Whole filters that patches bring. */
export function patchedFilters(patches: readonly GatewayPatch[]): readonly PlacedMap[] {
	return patches.flatMap(({ path, value }) => {
		if (value?.kind !== "map") return [];
		if (fieldOf(value, "typed_config") !== undefined) return [value];
		return path.at(-1) === "typed_config" ? [mapWith(value.place, { typed_config: value })] : [];
	});
}

function behindTypedConfig({ path }: GatewayPatch): readonly string[] {
	const last = path.findLastIndex((segment) => /^typed_?config$/i.test(segment));
	return last < 0 ? [] : path.slice(last + 1);
}

/** `["a", "b"]` and a value as `{ a: { b: value } }`. */
function asMessage(fields: readonly string[], { op, value }: GatewayPatch): readonly PlacedMap[] {
	if (value === undefined || op === "remove" || fields.length === 0) return [];
	if (fields.some((segment) => /^(?:\d+|-)$/.test(segment))) return [];
	let node: Placed = value;
	for (const name of [...fields].reverse()) node = mapWith(value.place, { [name]: node });
	return node.kind === "map" ? [node] : [];
}
