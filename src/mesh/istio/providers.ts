import type { Placed, PlacedMap } from "../../lib/placed.ts";
import { AUTHZ } from "../messages.ts";
import type { Collected, Filter } from "../model.ts";
import { fieldOf, mapsAt, textAt } from "../read-node.ts";
import { mapWith, renamed, scalarOf } from "../synthetic.ts";

/** A gRPC provider of a mesh configuration, and the ext_authz filter that Istio makes of it. */
export interface Provider {
	readonly name: string;
	readonly filter: Filter;
	/** The settings as they were written. */
	readonly settings: PlacedMap;
}

/** Istio's own time limit where the provider has none. */
const DEFAULT_TIMEOUT = "600s";

export function providersOf({ meshes }: Collected): readonly Provider[] {
	return meshes.flatMap((mesh) =>
		mapsAt(mesh, "extension_providers").flatMap((each) => {
			const name = textAt(each, "name");
			const grpc = fieldOf(each, "envoy_ext_authz_grpc");
			if (name === undefined || grpc?.value.kind !== "map") return [];
			return [{ name, filter: filterOf(each, grpc.value), settings: grpc.value }];
		}),
	);
}

/** Names of all providers, of whatever kind. */
export function providerNames({ meshes }: Collected): ReadonlySet<string> {
	return new Set(
		meshes
			.flatMap((mesh) => mapsAt(mesh, "extension_providers"))
			.flatMap((each) => textAt(each, "name") ?? []),
	);
}

function filterOf(provider: PlacedMap, grpc: PlacedMap): Filter {
	const at = fieldOf(provider, "name")?.place ?? provider.place;
	const host = (textAt(grpc, "service") ?? "").split("/").at(-1) ?? "";
	const cluster = `outbound|${textAt(grpc, "port") ?? ""}||${host}`;
	const timeout: Placed = renamed(fieldOf(grpc, "timeout")) ?? scalarOf(at, DEFAULT_TIMEOUT);
	const status = fieldOf(grpc, "status_on_error");
	const body = fieldOf(grpc, "include_request_body_in_check");
	const config = mapWith(at, {
		grpc_service: mapWith(at, {
			envoy_grpc: mapWith(at, { cluster_name: renamed(fieldOf(grpc, "service"), scalarOf(at, cluster)) }),
			timeout,
		}),
		failure_mode_allow: renamed(fieldOf(grpc, "fail_open")),
		clear_route_cache: renamed(fieldOf(grpc, "clear_route_cache")),
		status_on_error:
			status === undefined ? undefined : renamed(status, mapWith(status.place, { code: status.value })),
		with_request_body: renamed(body),
	});
	return {
		name: "envoy.filters.http.ext_authz",
		at,
		entry: provider,
		type: AUTHZ,
		config,
		flavour: "istio",
		whole: true,
	};
}
