import type { Place, Placed, PlacedMap } from "../../lib/placed.ts";
import type { MeshCode } from "../codes.ts";
import type { Routes } from "../model.ts";
import {
	fieldAt,
	fieldOf,
	isOpen,
	itemsAt,
	mapsAt,
	numberAt,
	placeAt,
	textAt,
	textsAt,
	truthAt,
} from "../read-node.ts";
import type { PosternFacts, Tell } from "../types.ts";
import { checkAgainstPostern } from "./buffers.ts";
import { checkPerFilter, type FilterSettings } from "./per-filter.ts";
import { checkUpgradeConfigs } from "./upgrades.ts";

/** What is known of the chain that the routes belong to. */
export interface RouteSurroundings extends FilterSettings {
	readonly masked: boolean;
	/** ext_authz chooses the route again after the decision. */
	readonly clearsCache: boolean;
}

/** A node that may add and remove headers, and those around it. */
type Levels = readonly PlacedMap[];

export function checkRoutes(
	{ config, at, whole }: Routes,
	around: RouteSurroundings,
	facts: PosternFacts,
	tell: Tell<MeshCode>,
): void {
	const bypasses: Place[] = [];
	const visit = (node: PlacedMap, forwards: boolean): void => {
		for (const place of checkPerFilter(node, forwards, around, facts, tell)) bypasses.push(place);
		checkMirrors(node, tell);
		checkIdentity(node, facts, tell);
	};
	const hosts = mapsAt(config, "virtual_hosts");
	visit(config, true);
	for (const host of hosts) {
		visit(host, true);
		if (around.masked) checkLimits(host, facts, tell);
		for (const route of mapsAt(host, "routes")) {
			const action = fieldOf(route, "route");
			visit(route, action !== undefined);
			if (around.masked) checkLimits(route, facts, tell);
			if (fieldAt(route, "match", "connect_matcher") !== undefined && around.masked) {
				tell("chain_connect", placeAt(route, route.place, "match", "connect_matcher"));
			}
			if (action?.value.kind !== "map") continue;
			checkAction(action.value, around, tell);
			for (const each of mapsAt(action.value, "weighted_clusters", "clusters")) visit(each, true);
			if (around.masked) checkHeaders([config, host, route], action.place, tell);
		}
	}
	if (whole) checkCatchAll(config, hosts, at, tell);
	if (around.clearsCache) for (const place of bypasses) tell("route_cache_bypass", place);
}

function checkMirrors(node: PlacedMap, tell: Tell<MeshCode>): void {
	if (itemsAt(node, "request_mirror_policies").length > 0) {
		tell("route_mirrored", placeAt(node, node.place, "request_mirror_policies"));
	}
}

function checkAction(action: PlacedMap, around: RouteSurroundings, tell: Tell<MeshCode>): void {
	checkMirrors(action, tell);
	const redirects = fieldOf(action, "internal_redirect_policy");
	if (redirects !== undefined) tell("route_internal_redirect", redirects.place);
	const old = textAt(action, "internal_redirect_action");
	if (old === "1" || old?.toUpperCase() === "HANDLE_INTERNAL_REDIRECT") {
		tell("route_internal_redirect", placeAt(action, action.place, "internal_redirect_action"));
	}
	if (around.masked) checkUpgradeConfigs(action, tell);
	for (const name of REWRITES) {
		const entry = fieldOf(action, name);
		if (entry !== undefined && textAt(action, name) !== "false") {
			tell("route_rewritten", entry.place);
			break;
		}
	}
	const named = fieldOf(action, "cluster_header");
	if (named !== undefined) tell("route_upstream_by_header", named.place);
	for (const each of mapsAt(action, "weighted_clusters", "clusters")) {
		const header = fieldOf(each, "cluster_header");
		if (header !== undefined) tell("route_upstream_by_header", header.place);
	}
}

const REWRITES = [
	"prefix_rewrite",
	"regex_rewrite",
	"path_rewrite",
	"path_rewrite_policy",
	"host_rewrite_literal",
	"host_rewrite_header",
	"host_rewrite_path_regex",
	"host_rewrite",
	"auto_host_rewrite",
];

function checkLimits(node: PlacedMap, facts: PosternFacts, tell: Tell<MeshCode>): void {
	for (const name of ["request_body_buffer_limit", "per_request_buffer_limit_bytes"]) {
		const bytes = numberAt(node, name);
		if (bytes !== undefined) checkAgainstPostern(bytes, placeAt(node, node.place, name), facts, tell);
	}
}

/** What the router takes away or sets behind Postern. */
function checkIdentity(node: PlacedMap, facts: PosternFacts, tell: Tell<MeshCode>): void {
	const removed = textsAt(node, "request_headers_to_remove").map((name) => name.toLowerCase());
	const taken = facts.identityHeaders.filter((name) => removed.includes(name));
	if (taken.length > 0) {
		tell("route_identity_dropped", placeAt(node, node.place, "request_headers_to_remove"), taken.join(", "));
	}
	for (const option of mapsAt(node, "request_headers_to_add")) {
		const name = textAt(option, "header", "key")?.toLowerCase() ?? "";
		if (facts.identityHeaders.includes(name)) {
			tell("route_identity_dropped", fieldOf(option, "header")?.place ?? option.place, name);
		}
	}
}

const CONDITIONS = ["range", "if-range", "if-none-match", "if-modified-since"];
const CACHE_ORDERS = [
	"surrogate-control",
	"surrogate-key",
	"cdn-cache-control",
	"cloudflare-cdn-cache-control",
	"akamai-cache-control",
	"edge-control",
	"edge-cache-tag",
	"cache-tag",
	"x-accel-expires",
];

/** Headers of requests and answers under masking, which any of the levels may see to. */
function checkHeaders(levels: Levels, at: Place, tell: Tell<MeshCode>): void {
	if (!levels.some(asksForIdentity)) tell("route_encodings_forwarded", at);
	const removed = namesOf(levels, "request_headers_to_remove");
	const kept = CONDITIONS.filter((name) => !removed.has(name));
	if (kept.length > 0) tell("route_conditions_forwarded", at, listed(kept));
	const dropped = namesOf(levels, "response_headers_to_remove");
	const orders = CACHE_ORDERS.filter((name) => !dropped.has(name));
	if (orders.length > 0) tell("route_cache_orders_kept", at, listed(orders));
}

/** The first names, and how many more. */
function listed(names: readonly string[]): string {
	const more = names.length - 3;
	return `${names.slice(0, 3).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function namesOf(levels: Levels, field: string): ReadonlySet<string> {
	return new Set(levels.flatMap((level) => textsAt(level, field)).map((name) => name.toLowerCase()));
}

function asksForIdentity(level: PlacedMap): boolean {
	if (textsAt(level, "request_headers_to_remove").some((name) => name.toLowerCase() === "accept-encoding")) {
		return true;
	}
	return mapsAt(level, "request_headers_to_add").some((option) => {
		if (textAt(option, "header", "key")?.toLowerCase() !== "accept-encoding") return false;
		const action = textAt(option, "append_action")?.toUpperCase();
		const overwrites =
			action === "OVERWRITE_IF_EXISTS_OR_ADD" || action === "2" || truthAt(option, "append") === false;
		return overwrites && textAt(option, "header", "value") === "identity";
	});
}

function checkCatchAll(
	config: PlacedMap,
	hosts: readonly PlacedMap[],
	at: Place,
	tell: Tell<MeshCode>,
): void {
	if (fieldOf(config, "vhds") !== undefined || fieldOf(config, "route_specifiers") !== undefined) return;
	const any = hosts.some((host) =>
		itemsAt(host, "domains").some((domain) => textAtOf(domain) === "*" || isOpen(domain)),
	);
	if (!any) tell("route_catch_all_missing", placeAt(config, at, "virtual_hosts"), "no virtual host for *");
	for (const host of hosts) {
		if (fieldOf(host, "matcher") !== undefined || fieldOf(host, "route_specifiers") !== undefined) continue;
		if (!mapsAt(host, "routes").some(catchesAll)) {
			tell("route_catch_all_missing", placeAt(host, host.place, "name"), textAt(host, "name"));
		}
	}
}

function textAtOf(node: Placed): string | undefined {
	return node.kind === "scalar" ? String(node.value) : undefined;
}

const NARROWING = [
	"headers",
	"query_parameters",
	"cookies",
	"runtime_fraction",
	"grpc",
	"tls_context",
	"dynamic_metadata",
	"filter_state",
];

function catchesAll(route: PlacedMap): boolean {
	const match = fieldOf(route, "match")?.value;
	if (match === undefined || NARROWING.some((name) => fieldOf(match, name) !== undefined)) return false;
	const prefix = textAt(match, "prefix");
	const regex = textAt(match, "safe_regex", "regex");
	return prefix === "/" || prefix === "" || (regex !== undefined && /^\^?\/?\.\*\$?$/.test(regex));
}
