import type { Place, Placed, PlacedMap } from "../../lib/placed.ts";
import type { MeshCode } from "../codes.ts";
import { HTTP_OPTIONS, UPSTREAM_TLS } from "../messages.ts";
import type { Cluster } from "../model.ts";
import {
	enumAt,
	fieldAt,
	fieldOf,
	isOpen,
	mapAt,
	mapsAt,
	numberAt,
	placeAt,
	secondsAt,
	textAt,
	truthAt,
} from "../read-node.ts";
import { extensionOf, typedOf } from "../typed.ts";
import type { Tell } from "../types.ts";
import { trustOf } from "./trust.ts";

const LEAST_RETRIES = 32;
const LONGEST_CONNECT_SECONDS = 1;
const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|0:0:0:0:0:0:0:1|localhost)$/;

/** A cluster that leads to Postern. */
export function checkCluster({ config, at }: Cluster, tell: Tell<MeshCode>): void {
	const options = httpOptionsOf(config);
	const http2 = http2OptionsOf(config, options);
	if (http2 === undefined) tell("cluster_not_http2", at);
	const reach = reachOf(config);
	checkSecurity({ config, at }, reach, options, tell);
	checkBreaker({ config, at }, tell);
	checkProbes({ config, at }, reach, tell);
	if (reach.local) return;
	if (http2 !== undefined && fieldOf(http2, "connection_keepalive") === undefined) {
		tell("cluster_keepalive_missing", at);
	}
	const connect = fieldOf(config, "connect_timeout");
	const seconds = connect === undefined ? 5 : secondsAt(config, "connect_timeout");
	if (seconds !== undefined && seconds > LONGEST_CONNECT_SECONDS) {
		tell("cluster_connect_slow", connect?.place ?? at, `${seconds} s`);
	}
}

function httpOptionsOf(config: PlacedMap): PlacedMap | undefined {
	for (const { value } of mapAt(config, "typed_extension_protocol_options")?.entries ?? []) {
		const typed = typedOf(value);
		if (typed?.type === HTTP_OPTIONS) return typed.config;
	}
	return undefined;
}

/** The options under which the cluster speaks HTTP/2; undefined when it does not. */
function http2OptionsOf(config: PlacedMap, options: PlacedMap | undefined): PlacedMap | undefined {
	for (const entry of [
		fieldAt(options, "explicit_http_config", "http2_protocol_options"),
		fieldAt(options, "auto_config"),
		fieldOf(config, "http2_protocol_options"),
	]) {
		if (entry === undefined) continue;
		const inner = mapAt(entry.value, "http2_protocol_options");
		return (
			inner ?? (entry.value.kind === "map" ? entry.value : { kind: "map", place: entry.place, entries: [] })
		);
	}
	return undefined;
}

/** Where the cluster's endpoints are. */
interface Reach {
	/** All are unix sockets, or nobody knows. */
	readonly local: boolean;
	/** Endpoints whose packets leave the machine. */
	readonly distant: readonly Place[];
	readonly several: boolean;
	/** Addresses come by discovery. */
	readonly discovered: boolean;
}

function reachOf(config: PlacedMap): Reach {
	const endpoints = mapsAt(config, "load_assignment", "endpoints").flatMap((each) =>
		mapsAt(each, "lb_endpoints"),
	);
	const addresses = endpoints.flatMap((each) => {
		const address = fieldAt(each, "endpoint", "address");
		return address === undefined ? [] : [address];
	});
	const distant = addresses.flatMap((address) => {
		const host = fieldAt(address.value, "socket_address", "address");
		if (host === undefined || isOpen(host.value)) return [];
		return LOOPBACK.test(textAt(address.value, "socket_address", "address") ?? "") ? [] : [host.place];
	});
	const type =
		enumAt(config, ["STATIC", "STRICT_DNS", "LOGICAL_DNS", "EDS", "ORIGINAL_DST"], "type") ?? "STATIC";
	const discovered =
		type === "EDS" || type === "ORIGINAL_DST" || fieldOf(config, "cluster_type") !== undefined;
	const sockets = addresses.filter(({ value }) => fieldOf(value, "socket_address") !== undefined);
	return {
		local: !discovered && sockets.length === 0,
		distant,
		several: addresses.length > 1 || discovered || type === "STRICT_DNS",
		discovered,
	};
}

function checkSecurity(
	{ config, at }: Cluster,
	reach: Reach,
	options: PlacedMap | undefined,
	tell: Tell<MeshCode>,
): void {
	const own = fieldOf(config, "transport_socket");
	const matched = mapsAt(config, "transport_socket_matches").flatMap(
		(each) => fieldOf(each, "transport_socket") ?? [],
	);
	const clear =
		own === undefined ? matched.length === 0 : (extensionOf(own.value)?.type ?? "").includes(".raw_buffer.");
	if (clear) {
		if (reach.distant[0] !== undefined) tell("cluster_plaintext", reach.distant[0]);
		else if (reach.discovered) tell("cluster_plaintext", at);
		return;
	}
	const kept = own === undefined || (matched.length > 0 && isStandIn(own.value)) ? [] : [own];
	for (const { value, place } of [...kept, ...matched]) {
		const socket = extensionOf(value);
		if (socket?.type !== UPSTREAM_TLS) continue;
		const trust = trustOf(socket.config);
		if (trust.untrusted[0] !== undefined) tell("cluster_unverified", trust.untrusted[0]);
		else if (!trust.verified) tell("cluster_unverified", place);
		else if (!trust.named && !namedByServer(socket.config, options)) tell("cluster_unnamed", place);
	}
}

/** Envoy Gateway gives each endpoint the name of a match, and the cluster an empty context, by this name, that none uses. */
function isStandIn(socket: Placed): boolean {
	if (textAt(socket, "name") !== "dummy.transport_socket") return false;
	const context = mapAt(extensionOf(socket)?.config, "common_tls_context");
	return context !== undefined && context.entries.length === 0;
}

function namedByServer(tls: PlacedMap, options: PlacedMap | undefined): boolean {
	return (
		truthAt(tls, "auto_sni_san_validation") === true ||
		truthAt(options, "upstream_http_protocol_options", "auto_san_validation") === true
	);
}

function checkBreaker({ config, at }: Cluster, tell: Tell<MeshCode>): void {
	const thresholds = mapsAt(config, "circuit_breakers", "thresholds");
	const own = thresholds.find(
		(each) => (enumAt(each, ["DEFAULT", "HIGH"], "priority") ?? "DEFAULT") === "DEFAULT",
	);
	if (own !== undefined && fieldOf(own, "retry_budget") !== undefined) return;
	const retries = fieldOf(own, "max_retries");
	if (isOpen(retries?.value)) return;
	const most = numberAt(own, "max_retries") ?? 3;
	if (most < LEAST_RETRIES) {
		tell(
			"cluster_breaker_default",
			retries?.place ?? placeAt(config, at, "circuit_breakers"),
			`${most} retries`,
		);
	}
}

function checkProbes({ config, at }: Cluster, reach: Reach, tell: Tell<MeshCode>): void {
	const probes = mapsAt(config, "health_checks");
	for (const probe of probes) {
		const kind = fieldOf(probe, "http_health_check") ?? fieldOf(probe, "tcp_health_check");
		if (kind !== undefined) tell("cluster_probe_kind", kind.place);
	}
	if (probes.length === 0 && reach.several) tell("cluster_probe_missing", at);
}
