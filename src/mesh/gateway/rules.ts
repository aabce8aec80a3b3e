import type { MeshCode } from "../codes.ts";
import type { Collected } from "../model.ts";
import { fieldOf, mapsAt, textAt } from "../read-node.ts";
import { checkFields } from "../rules/fields.ts";
import type { Tell } from "../types.ts";
import { authzFiltersOf, type GatewayFilter, procFiltersOf } from "./filters.ts";

/** What only Envoy Gateway's resources, and those of the Gateway API, can be wrong in. */
export function checkGateway(
	found: Collected,
	isPostern: (each: GatewayFilter) => boolean,
	tell: Tell<MeshCode>,
): void {
	const authz = authzFiltersOf(found);
	const proc = procFiltersOf(found);
	for (const { settings } of authz) checkFields(settings, "ExtAuth", tell);
	for (const { settings } of proc) checkFields(settings, "ExtProc", tell);
	checkTargets(authz.filter(isPostern), proc.filter(isPostern), tell);
	const encrypted = encryptedServices(found);
	for (const { backend } of [...authz, ...proc].filter(isPostern)) {
		// A Backend says itself where it is, and how it is reached.
		if (backend?.kind === "Service" && !encrypted.has(backend.name)) tell("cluster_plaintext", backend.at);
	}
	if (authz.length + proc.length === 0) return;
	for (const { kind, group, node } of found.resources) {
		if (group !== "gateway.networking.k8s.io" || (kind !== "HTTPRoute" && kind !== "GRPCRoute")) continue;
		for (const rule of mapsAt(node, "spec", "rules")) {
			const nested = mapsAt(rule, "backend_refs").flatMap((each) => mapsAt(each, "filters"));
			for (const filter of [...mapsAt(rule, "filters"), ...nested]) {
				const type = textAt(filter, "type");
				const at = fieldOf(filter, "type")?.place ?? filter.place;
				if (type === "RequestMirror") tell("route_mirrored", at);
				if (type === "URLRewrite") tell("route_rewritten", at);
			}
		}
	}
}

/** Names of Services for which a BackendTLSPolicy is there. */
function encryptedServices({ resources }: Collected): ReadonlySet<string> {
	return new Set(
		resources
			.filter(({ kind, group }) => kind === "BackendTLSPolicy" && group === "gateway.networking.k8s.io")
			.flatMap(({ node }) => mapsAt(node, "spec", "target_refs"))
			.flatMap((ref) => textAt(ref, "name") ?? []),
	);
}

/** Only where both kinds of policy are there: one alone is told as what is missing in the chain. */
function checkTargets(
	authz: readonly GatewayFilter[],
	proc: readonly GatewayFilter[],
	tell: Tell<MeshCode>,
): void {
	if (authz.length === 0 || proc.length === 0) return;
	for (const [some, others] of [
		[authz, proc],
		[proc, authz],
	] as const) {
		const covered = new Set(others.flatMap(({ targets }) => targets));
		// A policy for a whole gateway covers its routes; which routes are its own is not said here.
		if ([...covered].some((target) => target.startsWith("Gateway/"))) continue;
		for (const { targets, targetsAt } of some) {
			const missing = targets.filter((target) => !covered.has(target) && !target.startsWith("Gateway/"));
			if (missing.length > 0) {
				tell("gateway_targets_differ", targetsAt, missing.map((each) => each.replace(/\/$/, "")).join(", "));
			}
		}
	}
}
