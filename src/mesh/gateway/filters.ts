import type { Place, Placed, PlacedEntry, PlacedMap } from "../../lib/placed.ts";
import { AUTHZ, PROC } from "../messages.ts";
import type { Collected, Filter } from "../model.ts";
import { fieldAt, fieldOf, itemsAt, mapAt, mapsAt, textAt } from "../read-node.ts";
import { mapWith, renamed, scalarOf } from "../synthetic.ts";

/** A filter that Envoy Gateway makes of a policy, and the resources that the policy is for. */
export interface GatewayFilter {
	readonly filter: Filter;
	/** The settings as they were written. */
	readonly settings: PlacedMap;
	/** `kind/name/section` of each target. */
	readonly targets: readonly string[];
	readonly targetsAt: Place;
	/** Where Postern is named, and as what. */
	readonly backend?: { readonly kind: string; readonly name: string; readonly at: Place };
}

const GROUP = "gateway.envoyproxy.io";
/** Envoy Gateway's own time limit for calls to ext_authz. */
const DEFAULT_TIMEOUT = "10s";

export function authzFiltersOf({ resources }: Collected): readonly GatewayFilter[] {
	return resources.flatMap(({ kind, group, node }) => {
		const auth = fieldAt(node, "spec", "ext_auth");
		if (kind !== "SecurityPolicy" || group !== GROUP || auth?.value.kind !== "map") return [];
		if (fieldOf(auth.value, "grpc") === undefined) return [];
		const backend = backendOf(fieldOf(auth.value, "grpc")?.value);
		return [{ filter: authzFilter(auth, auth.value), settings: auth.value, ...targetsOf(node), ...backend }];
	});
}

export function procFiltersOf({ resources }: Collected): readonly GatewayFilter[] {
	return resources.flatMap(({ kind, group, node }) => {
		if (kind !== "EnvoyExtensionPolicy" || group !== GROUP) return [];
		return mapsAt(node, "spec", "ext_proc").map((settings) => ({
			filter: procFilter(settings),
			settings,
			...targetsOf(node),
			...backendOf(settings),
		}));
	});
}

function backendOf(service: Placed | undefined): Pick<GatewayFilter, "backend"> {
	const ref = itemsAt(service, "backend_refs")[0] ?? mapAt(service, "backend_ref");
	const name = fieldOf(ref, "name");
	if (ref === undefined || name === undefined) return {};
	const kind = textAt(ref, "kind") ?? "Service";
	return { backend: { kind, name: textAt(ref, "name") ?? "", at: name.place } };
}

function targetsOf(node: PlacedMap): Pick<GatewayFilter, "targets" | "targetsAt"> {
	const one = fieldAt(node, "spec", "target_ref");
	const several = fieldAt(node, "spec", "target_refs");
	const refs = one === undefined ? mapsAt(node, "spec", "target_refs") : [one.value];
	return {
		targets: refs.map((ref) =>
			[textAt(ref, "kind"), textAt(ref, "name"), textAt(ref, "section_name")]
				.map((part) => part ?? "")
				.join("/"),
		),
		targetsAt: (one ?? several)?.place ?? node.place,
	};
}

function grpcService(settings: PlacedMap, at: Place, timeout: Placed): PlacedMap {
	const service = fieldOf(settings, "grpc")?.value ?? settings;
	const ref = itemsAt(service, "backend_refs")[0] ?? mapAt(service, "backend_ref");
	const name = fieldOf(ref, "name");
	const retry = fieldAt(service, "backend_settings", "retry");
	return mapWith(at, {
		envoy_grpc: mapWith(at, { cluster_name: renamed(name) }),
		timeout,
		retry_policy: retry === undefined ? undefined : renamed(retry, retryPolicy(retry)),
	});
}

/** Envoy Gateway's retry settings as the policy that it makes of them. */
function retryPolicy(retry: PlacedEntry): PlacedMap {
	const triggers = itemsAt(retry.value, "retry_on", "triggers").flatMap((each) =>
		each.kind === "scalar" ? [String(each.value)] : [],
	);
	const on = fieldAt(retry.value, "retry_on", "triggers");
	const backOff = fieldAt(retry.value, "per_retry", "back_off");
	const most = fieldAt(retry.value, "per_retry", "back_off", "max_interval");
	return mapWith(retry.place, {
		retry_on: on === undefined ? undefined : scalarOf(on.place, triggers.join(",")),
		num_retries: renamed(fieldOf(retry.value, "num_retries")),
		retry_back_off:
			backOff === undefined ? undefined : mapWith(backOff.place, { max_interval: renamed(most) }),
	});
}

function status(settings: PlacedMap): Placed | undefined {
	const entry = fieldOf(settings, "status_on_error");
	return entry === undefined ? undefined : renamed(entry, mapWith(entry.place, { code: entry.value }));
}

function authzFilter(auth: PlacedEntry, settings: PlacedMap): Filter {
	const at = auth.place;
	const headers = fieldOf(settings, "headers_to_ext_auth");
	const config = mapWith(at, {
		grpc_service: grpcService(
			settings,
			at,
			renamed(fieldOf(settings, "timeout")) ?? scalarOf(at, DEFAULT_TIMEOUT),
		),
		failure_mode_allow: renamed(fieldOf(settings, "fail_open")),
		clear_route_cache: renamed(fieldOf(settings, "recompute_route")),
		allowed_headers: headers === undefined ? undefined : renamed(headers),
		with_request_body: renamed(fieldOf(settings, "body_to_ext_auth")),
		status_on_error: status(settings),
	});
	return {
		name: "envoy.filters.http.ext_authz",
		at,
		entry: settings,
		type: AUTHZ,
		config,
		flavour: "gateway",
		whole: true,
	};
}

const BODIES: Readonly<Record<string, string>> = {
	Streamed: "STREAMED",
	Buffered: "BUFFERED",
	BufferedPartial: "BUFFERED_PARTIAL",
	FullDuplexStreamed: "FULL_DUPLEX_STREAMED",
};

function procFilter(settings: PlacedMap): Filter {
	const at = settings.place;
	const mode = fieldOf(settings, "processing_mode");
	const response = fieldOf(mode?.value, "response");
	const forwarded = fieldAt(settings, "metadata", "accessible_namespaces");
	const received = fieldAt(settings, "metadata", "writable_namespaces");
	const namespaces = (entry: PlacedEntry | undefined): Placed | undefined =>
		entry === undefined ? undefined : renamed(entry, mapWith(entry.place, { untyped: renamed(entry) }));
	const config = mapWith(at, {
		grpc_service: grpcService(settings, at, scalarOf(at, DEFAULT_TIMEOUT)),
		failure_mode_allow: renamed(fieldOf(settings, "fail_open")),
		observability_mode: renamed(fieldOf(settings, "shadow_mode")),
		message_timeout: renamed(fieldOf(settings, "message_timeout")),
		allow_mode_override: renamed(fieldOf(mode?.value, "allow_mode_override")),
		status_on_error: status(settings),
		response_attributes: renamed(fieldOf(response?.value, "attributes")),
		metadata_options:
			forwarded === undefined && received === undefined
				? undefined
				: mapWith((forwarded ?? received)?.place ?? at, {
						forwarding_namespaces: namespaces(forwarded),
						receiving_namespaces: namespaces(received),
					}),
		processing_mode: processingMode(mode, at),
	});
	return {
		name: "envoy.filters.http.ext_proc",
		at,
		entry: settings,
		type: PROC,
		config,
		flavour: "gateway",
		whole: true,
	};
}

/** What is not mentioned is not sent; trailers are sent in the full-duplex mode alone. */
function processingMode(mode: PlacedEntry | undefined, at: Place): PlacedMap {
	const place = mode?.place ?? at;
	const request = fieldOf(mode?.value, "request");
	const response = fieldOf(mode?.value, "response");
	const body = (side: PlacedEntry | undefined): Placed => {
		const entry = fieldOf(side?.value, "body");
		const known = BODIES[textAt(side?.value, "body") ?? ""];
		return entry === undefined || known === undefined
			? scalarOf(side?.place ?? place, "NONE")
			: scalarOf(entry.place, known);
	};
	const duplex = textAt(response?.value, "body") === "FullDuplexStreamed";
	return mapWith(place, {
		request_header_mode: scalarOf(request?.place ?? place, request === undefined ? "SKIP" : "SEND"),
		response_header_mode: scalarOf(response?.place ?? place, response === undefined ? "SKIP" : "SEND"),
		request_body_mode: body(request),
		response_body_mode: body(response),
		response_trailer_mode: scalarOf(response?.place ?? place, duplex ? "SEND" : "SKIP"),
	});
}
