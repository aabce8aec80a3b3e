import type { Place, Placed, PlacedMap, PlacedScalar } from "../lib/placed.ts";
import { filterOfMessage, readFilter } from "./filter.ts";
import { AUTHZ, BOOTSTRAP, CLUSTER, LISTENER, MANAGER, PROC, ROUTES, VIRTUAL_HOST } from "./messages.ts";
import type { Chain, Collected, Filter, TextProblem } from "./model.ts";
import { fieldOf, itemsAt, mapAt, mapsAt, textAt, textOf } from "./read-node.ts";
import { listOf, mapWith } from "./synthetic.ts";
import { typedOf } from "./typed.ts";

/** Reads YAML that stands as text in a ConfigMap; places are those of the file around it. */
export type ReadText = (scalar: PlacedScalar) => {
	readonly documents: readonly Placed[];
	readonly problems: readonly TextProblem[];
};

/** What surrounds a node on the way down. */
interface Around {
	readonly listener?: PlacedMap;
	readonly filterChain?: PlacedMap;
}

/** Finds Envoy's messages by `@type` or by their fields, wherever they stand, and Kubernetes resources by `kind`. */
export function collect(documents: readonly Placed[], readText: ReadText): Collected {
	const found: Collected = {
		chains: [],
		filters: [],
		upstream: [],
		routes: [],
		clusters: new Map(),
		bootstraps: [],
		extensions: new Map(),
		resources: [],
		meshes: [],
		unknown: [],
		problems: [],
	};
	for (const document of documents) {
		if (!take(document, found, readText)) found.unknown.push(document);
	}
	return found;
}

function take(document: Placed, found: Collected, readText: ReadText): boolean {
	if (document.kind === "map" && textAt(document, "kind") !== undefined && fieldOf(document, "api_version")) {
		return takeResource(document, found, readText);
	}
	const mesh =
		mapAt(document, "mesh_config") ?? (fieldOf(document, "extension_providers") ? document : undefined);
	if (mesh?.kind === "map") {
		found.meshes.push(mesh);
		return true;
	}
	return walk(document, {}, found);
}

/** Any resource counts as recognised: most of a cluster's have nothing to do with Postern. */
function takeResource(node: PlacedMap, found: Collected, readText: ReadText): boolean {
	const kind = textAt(node, "kind") ?? "";
	const items = mapsAt(node, "items");
	if (kind.endsWith("List") && items.length > 0) {
		for (const item of items) take(item, found, readText);
		return true;
	}
	if (kind === "ConfigMap") {
		for (const { key, value } of mapAt(node, "data")?.entries ?? []) {
			if (value.kind !== "scalar" || !(key === "mesh" || isEnvoyText(value))) continue;
			const reading = readText(value);
			found.problems.push(...reading.problems);
			for (const inner of reading.documents) take(inner, found, readText);
		}
		return true;
	}
	const mesh = kind === "IstioOperator" ? mapAt(node, "spec", "mesh_config") : undefined;
	if (mesh !== undefined) found.meshes.push(mesh);
	const [group = ""] = (textAt(node, "api_version") ?? "").split("/");
	found.resources.push({ kind, group, node });
	return true;
}

function isEnvoyText(scalar: PlacedScalar): boolean {
	return typeof scalar.value === "string" && /type\.googleapis\.com\/envoy\./.test(scalar.value);
}

/** Whether something was recognised in `node` or below it. */
function walk(node: Placed, around: Around, found: Collected): boolean {
	if (node.kind === "scalar") return false;
	if (node.kind === "list") {
		if (isFilterList(node.items)) {
			found.chains.push(chainOf(node.items, node.place, around));
			return true;
		}
		return any(node.items, (item) => walk(item, around, found));
	}
	const typed = typedOf(node);
	const type = typed?.type ?? "";
	const config = typed?.config ?? node;
	if (type === MANAGER || (type === "" && fieldOf(node, "http_filters") !== undefined)) {
		takeManager(config, around, found);
		return true;
	}
	if (type === ROUTES || (type === "" && itemsAt(node, "virtual_hosts").length > 0)) {
		found.routes.push({ config, at: node.place, whole: true, flavour: "envoy" });
		return true;
	}
	if (type === VIRTUAL_HOST || (type === "" && fieldOf(node, "domains") && fieldOf(node, "routes"))) {
		found.routes.push({ config: hostAsRoutes(config), at: node.place, whole: false, flavour: "envoy" });
		return true;
	}
	if (type === CLUSTER || (type === "" && looksLikeCluster(node))) {
		takeCluster(config, found);
		return true;
	}
	const extension = typedOf(fieldOf(node, "typed_config")?.value);
	if (extension !== undefined && textAt(node, "name") !== undefined) {
		const filter = readFilter(node, "envoy");
		if (isPosternKind(filter)) {
			found.extensions.set(filter.name, node);
			found.filters.push(filter);
			return true;
		}
	}
	if (type === AUTHZ || type === PROC) {
		found.filters.push(filterOfMessage(node, "envoy"));
		return true;
	}
	if (
		type === BOOTSTRAP ||
		(type === "" && (fieldOf(node, "static_resources") || fieldOf(node, "dynamic_resources")))
	) {
		found.bootstraps.push(config);
		any(config.entries, ({ key, value }) => key !== "node" && walk(value, around, found));
		return true;
	}
	const listener =
		type === LISTENER || fieldOf(node, "filter_chains") || fieldOf(node, "default_filter_chain");
	const next: Around = listener ? { ...around, listener: config } : around;
	return any(config.entries, ({ key, value }) => walkField(key, value, config, next, found));
}

function walkField(key: string, value: Placed, parent: PlacedMap, around: Around, found: Collected): boolean {
	if (/^(?:default_?filter_?chain)$/i.test(key) && value.kind === "map") {
		return walk(value, { ...around, filterChain: value }, found);
	}
	if (/^filter_?chains$/i.test(key) && value.kind === "list") {
		return any(value.items, (item) =>
			walk(item, item.kind === "map" ? { ...around, filterChain: item } : around, found),
		);
	}
	// A dump of the running configuration shows what the bootstrap held a second time, as what became of it; and route
	// configurations that stand in a listener once more by themselves.
	if (key === "configs" && value.kind === "list" && value.items.length > 1) {
		return any(
			value.items.filter((item) => !typedOf(item)?.type.endsWith(".BootstrapConfigDump")),
			(item) => walk(item, around, found),
		);
	}
	if (key === "static_route_configs") return true;
	if (key === "clusters" && value.kind === "list" && isStaticResources(parent)) {
		for (const item of value.items) if (item.kind === "map") takeCluster(item, found);
		return true;
	}
	return walk(value, around, found);
}

/** As `some`, but looks at every item. */
function any<T>(items: readonly T[], test: (item: T) => boolean): boolean {
	let held = false;
	for (const item of items) held = test(item) || held;
	return held;
}

function isStaticResources(node: PlacedMap): boolean {
	return (
		fieldOf(node, "listeners") !== undefined ||
		node.entries.some(({ key }) => key === "secrets") ||
		fieldOf(node, "clusters") !== undefined
	);
}

function looksLikeCluster(node: PlacedMap): boolean {
	if (textAt(node, "name") === undefined) return false;
	return ["load_assignment", "eds_cluster_config", "lb_policy", "connect_timeout", "circuit_breakers"].some(
		(name) => fieldOf(node, name) !== undefined,
	);
}

function takeCluster(config: PlacedMap, found: Collected): void {
	const name = fieldOf(config, "name");
	const text = textOf(name?.value);
	if (text !== undefined) found.clusters.set(text, { config, at: name?.place ?? config.place });
	for (const { value } of mapAt(config, "typed_extension_protocol_options")?.entries ?? []) {
		for (const item of mapsAt(typedOf(value)?.config, "http_filters")) {
			const filter = readFilter(item, "envoy");
			if (isPosternKind(filter)) found.upstream.push(filter);
		}
	}
}

/** A list that stands for `http_filters` without saying so. Resources of xDS have a type of their own. */
function isFilterList(items: readonly Placed[]): boolean {
	return items.some((item) => {
		if (typedOf(item)?.type !== "") return false;
		const type = typedOf(fieldOf(item, "typed_config")?.value)?.type ?? "";
		return type.startsWith("envoy.extensions.filters.http.") || isPosternKind(readFilterOf(item));
	});
}

function readFilterOf(item: Placed): Filter | undefined {
	return item.kind === "map" ? readFilter(item, "envoy") : undefined;
}

function isPosternKind(filter: Filter | undefined): boolean {
	return filter !== undefined && (/\.ext_(?:authz|proc)\./.test(filter.type) || filter.wrapper !== undefined);
}

function takeManager(manager: PlacedMap, around: Around, found: Collected): void {
	const filters = itemsAt(manager, "http_filters");
	const inline = mapAt(manager, "route_config");
	const routes =
		inline === undefined
			? []
			: [
					{
						config: inline,
						at: placeOfField(manager, "route_config"),
						whole: true,
						flavour: "envoy" as const,
					},
				];
	const named = fieldOf(manager, "stat_prefix") ?? fieldOf(manager, "http_filters");
	const chain = chainOf(filters, named?.place ?? manager.place, around);
	// A list of filters alone says nothing about the manager around it.
	const known = manager.entries.length > 1;
	found.chains.push({ ...chain, routes, ...(known ? { manager } : {}), managerWhole: known });
	found.routes.push(...routes);
}

function placeOfField(node: PlacedMap, name: string): Place {
	return fieldOf(node, name)?.place ?? node.place;
}

function chainOf(filters: readonly Placed[], at: Place, around: Around): Chain {
	return {
		flavour: "envoy",
		at,
		filters: filters.flatMap((item) => readFilterOf(item) ?? []),
		managerWhole: false,
		routes: [],
		...around,
	};
}

function hostAsRoutes(host: PlacedMap): PlacedMap {
	return mapWith(host.place, { virtual_hosts: listOf(host.place, [host]) });
}
