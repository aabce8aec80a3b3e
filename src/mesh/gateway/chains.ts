import type { Place, PlacedEntry, PlacedMap } from "../../lib/placed.ts";
import { readFilter } from "../filter.ts";
import { mergeMessages } from "../merge.ts";
import { COMPRESSOR, PROC } from "../messages.ts";
import type { Chain, Collected, Filter } from "../model.ts";
import { fieldAt, fieldOf, itemsAt, mapsAt, textAt } from "../read-node.ts";
import { mapWith, scalarOf } from "../synthetic.ts";
import { gatewayEdge } from "./edge.ts";
import { authzFiltersOf, procFiltersOf } from "./filters.ts";
import {
	type GatewayPatch,
	gatewayPatches,
	managerSettings,
	patchedFilters,
	removesUpgrades,
	settingsFor,
} from "./patches.ts";

const GROUP = "gateway.envoyproxy.io";

/**
 * What Envoy Gateway makes of its policies: the filters in its order, once for each ClientTrafficPolicy, or with its
 * defaults where none is given.
 */
export function gatewayChains(found: Collected): readonly Chain[] {
	const patches = gatewayPatches(found);
	const authz = authzFiltersOf(found).map(({ filter }) => patched(filter, settingsFor("ExtAuthz", patches)));
	const generated = procFiltersOf(found).map(({ filter }) => filter);
	const brought = patchedFilters(patches).map((node) => readFilter(node, "envoy"));
	// A patch names a place in the list, not the filter; it stands where the filter stood that it replaces.
	const wrapped = brought.filter(({ type, wrapper }) => type === PROC && wrapper !== undefined);
	const replaced = wrapped.map((filter) => ({ ...filter, name: "envoy.filters.http.ext_proc" }));
	const proc = (replaced.length > 0 ? replaced : generated).map((filter) =>
		patched(filter, settingsFor("ExternalProcessor", patches)),
	);
	const [first] = [...authz, ...proc];
	if (first === undefined) return [];
	const others = brought.filter((filter) => !wrapped.includes(filter) && filter.type !== "");
	const filters = inOrder(
		[...authz, ...foreignCode(found), ...proc, ...compressors(found), ...others],
		found,
	);
	const upgrades = proc[0] === undefined ? undefined : upgradesOf(found, patches, proc[0].at);
	const policies = specsOf(found, "ClientTrafficPolicy");
	return (policies.length === 0 ? [undefined] : policies).map((spec) => {
		const edge = gatewayEdge(spec, first.at);
		const settings = [...managerSettings(patches), ...(upgrades === undefined ? [] : [upgrades])];
		return {
			flavour: "gateway",
			at: first.at,
			filters,
			manager: settings.reduce(mergeMessages, edge.manager),
			managerWhole: true,
			listener: edge.listener,
			...(edge.filterChain === undefined ? {} : { filterChain: edge.filterChain }),
			routes: [],
		};
	});
}

function specsOf({ resources }: Collected, kind: string): readonly PlacedMap[] {
	return resources.flatMap((each) => {
		const spec = fieldOf(each.node, "spec")?.value;
		return each.kind === kind && each.group === GROUP && spec?.kind === "map" ? [spec] : [];
	});
}

function patched(filter: Filter, settings: readonly PlacedMap[]): Filter {
	if (filter.config === undefined || settings.length === 0) return filter;
	return { ...filter, config: settings.reduce(mergeMessages, filter.config) };
}

function compressors(found: Collected): readonly Filter[] {
	return specsOf(found, "BackendTrafficPolicy").flatMap((spec) => {
		const entry = [fieldOf(spec, "compressor"), fieldOf(spec, "compression")].find(
			(each) => each !== undefined && itemsAt(each.value).length > 0,
		);
		return entry === undefined ? [] : [generatedFilter("envoy.filters.http.compressor", COMPRESSOR, entry)];
	});
}

/** Scripts and modules of an extension policy. */
function foreignCode(found: Collected): readonly Filter[] {
	return specsOf(found, "EnvoyExtensionPolicy").flatMap((spec) =>
		(["lua", "wasm", "dynamic_module"] as const).flatMap((kind) => {
			const entry = fieldOf(spec, kind);
			const name = kind === "dynamic_module" ? "dynamic_modules" : kind;
			const type = `envoy.extensions.filters.http.${name}.v3.Generated`;
			return entry === undefined || itemsAt(entry.value).length === 0
				? []
				: [generatedFilter(`envoy.filters.http.${name}`, type, entry)];
		}),
	);
}

function generatedFilter(name: string, type: string, entry: PlacedEntry): Filter {
	const config = mapWith(entry.place, {});
	return { name, at: entry.place, entry: config, type, config, flavour: "gateway", whole: true };
}

/** Envoy Gateway's own order of the filters that are of interest here. */
const ORDER = [
	"envoy.filters.http.ext_authz",
	"envoy.filters.http.lua",
	"envoy.filters.http.ext_proc",
	"envoy.filters.http.wasm",
	"envoy.filters.http.dynamic_modules",
	"envoy.filters.http.compressor",
];

/** The order after `filterOrder` of EnvoyProxy resources, whose entries are carried out one by one. */
function inOrder(filters: readonly Filter[], found: Collected): readonly Filter[] {
	const order = [...ORDER];
	for (const spec of specsOf(found, "EnvoyProxy")) {
		for (const each of mapsAt(spec, "filter_order")) {
			const name = textAt(each, "name") ?? "";
			const before = textAt(each, "before");
			const other = before ?? textAt(each, "after") ?? "";
			if (!order.includes(name)) order.push(name);
			if (!order.includes(other)) continue;
			order.splice(order.indexOf(name), 1);
			order.splice(order.indexOf(other) + (before === undefined ? 1 : 0), 0, name);
		}
	}
	const rank = ({ name }: Filter): number => {
		const index = order.indexOf(name);
		return index < 0 ? order.length : index;
	};
	return filters.toSorted((a, b) => rank(a) - rank(b));
}

/** WebSocket is on for every route that no BackendTrafficPolicy says otherwise about. */
function upgradesOf(found: Collected, patches: readonly GatewayPatch[], at: Place): PlacedMap | undefined {
	if (removesUpgrades(patches)) return undefined;
	const policies = specsOf(found, "BackendTrafficPolicy");
	const named = policies.flatMap((spec) => mapsAt(spec, "http_upgrade"));
	if (named.length > 0) {
		return asUpgrades(
			named.map((each) => fieldOf(each, "type")?.place ?? each.place),
			at,
		);
	}
	const off = policies.some((spec) => fieldAt(spec, "request_buffer") !== undefined);
	return off ? undefined : asUpgrades([at], at);
}

function asUpgrades(places: readonly Place[], at: Place): PlacedMap {
	return mapWith(at, {
		upgrade_configs: {
			kind: "list",
			place: at,
			items: places.map((place) => mapWith(place, { upgrade_type: scalarOf(place, "websocket") })),
		},
	});
}
