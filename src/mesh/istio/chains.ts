import type { Place, PlacedMap } from "../../lib/placed.ts";
import { mergeMessages } from "../merge.ts";
import type { Chain, Collected, Filter } from "../model.ts";
import { fieldAt, fieldOf, placeAt, textAt } from "../read-node.ts";
import { mapWith, renamed, scalarOf } from "../synthetic.ts";
import { typedOf } from "../typed.ts";
import { insertFilters, managerMerges, mergesFor, type Patch, patchesOf, replacements } from "./patches.ts";
import { providersOf } from "./providers.ts";

/**
 * What Istio makes of a mesh configuration and EnvoyFilters: one chain of the providers' ext_authz filters and of what
 * is inserted, with the connection manager as far as the mesh configuration and patches say.
 */
export function istioChains(found: Collected): readonly Chain[] {
	const patches = patchesOf(found);
	const inserted = [
		...insertFilters(
			providersOf(found).map(({ filter }) => filter),
			patches,
		),
		...replacements(patches),
	];
	const filters = inserted.map((filter) => merged(filter, patches));
	const loose = looseMerges(filters, patches);
	const all = [...loose, ...filters];
	const [first] = all;
	if (first === undefined) return [];
	const manager = managerOf(found, patches, first.at);
	return [
		{
			flavour: "istio",
			at: first.at,
			filters: all,
			...(manager === undefined ? {} : { manager: manager.config }),
			managerWhole: manager?.whole ?? false,
			routes: [],
		},
	];
}

function merged(filter: Filter, patches: readonly Patch[]): Filter {
	let result = filter;
	for (const patch of mergesFor(filter.name, patches)) {
		const typed = typedOf(patch);
		if (typed === undefined) continue;
		result = { ...result, config: mergeMessages(result.config ?? typed.config, typed.config) };
	}
	return result;
}

/** Patches of filters that no file here makes: only what they say can be judged. */
function looseMerges(filters: readonly Filter[], patches: readonly Patch[]): readonly Filter[] {
	return patches.flatMap((patch): Filter[] => {
		if (patch.applyTo !== "HTTP_FILTER" || patch.operation !== "MERGE" || patch.value?.kind !== "map")
			return [];
		const name = patch.beside ?? textAt(patch.value, "name") ?? "";
		if (filters.some((each) => each.name === name)) return [];
		const typed = typedOf(fieldOf(patch.value, "typed_config")?.value);
		if (typed === undefined) return [];
		return [
			{
				name,
				at: typed.at,
				entry: patch.value,
				type: typed.type,
				config: typed.config,
				flavour: "istio",
				whole: false,
			},
		];
	});
}

interface Manager {
	readonly config: PlacedMap;
	readonly whole: boolean;
}

/** With a mesh configuration the manager is known as a whole: the rest of it is Istio's own, and safe. */
function managerOf(found: Collected, patches: readonly Patch[], at: Place): Manager | undefined {
	const merges = managerMerges(patches).flatMap((each) => typedOf(each)?.config ?? []);
	const [mesh] = found.meshes;
	const base = mesh === undefined ? undefined : baseManager(mesh, at);
	const [first, ...rest] = base === undefined ? merges : [base, ...merges];
	if (first === undefined) return undefined;
	return { config: rest.reduce(mergeMessages, first), whole: base !== undefined };
}

/** `pathNormalization` → normalised, merged, unescaped. */
const NORMALIZATION: Readonly<Record<string, readonly [boolean, boolean, boolean]>> = {
	NONE: [false, false, false],
	BASE: [true, false, false],
	DEFAULT: [true, false, false],
	MERGE_SLASHES: [true, true, false],
	DECODE_AND_MERGE_SLASHES: [true, true, true],
};

function baseManager(mesh: PlacedMap, at: Place): PlacedMap {
	const where = placeAt(mesh, at, "path_normalization", "normalization");
	const mode = textAt(mesh, "path_normalization", "normalization") ?? "DEFAULT";
	const [normalised, mergedSlashes, unescaped] = NORMALIZATION[mode] ?? [true, false, false];
	const forwarded =
		fieldAt(mesh, "default_config", "gateway_topology", "forward_client_cert_details") ??
		fieldAt(mesh, "default_config", "proxy_headers", "forwarded_client_cert");
	const hops = fieldAt(mesh, "default_config", "gateway_topology", "num_trusted_proxies");
	return mapWith(at, {
		normalize_path: scalarOf(where, normalised),
		merge_slashes: scalarOf(where, mergedSlashes),
		path_with_escaped_slashes_action: unescaped ? scalarOf(where, "UNESCAPE_AND_FORWARD") : undefined,
		use_remote_address: scalarOf(at, true),
		request_timeout: scalarOf(at, "1s"),
		forward_client_cert_details: forwarded === undefined ? undefined : renamed(forwarded),
		xff_num_trusted_hops: hops === undefined ? undefined : renamed(hops),
	});
}
