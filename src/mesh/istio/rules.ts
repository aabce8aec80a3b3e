import type { Place, PlacedMap } from "../../lib/placed.ts";
import type { MeshCode } from "../codes.ts";
import type { Collected } from "../model.ts";
import { fieldAt, fieldOf, itemsAt, mapsAt, placeAt, textAt, textOf, truthAt } from "../read-node.ts";
import { checkFields } from "../rules/fields.ts";
import type { Tell } from "../types.ts";
import { patchesOf } from "./patches.ts";
import { providerNames, providersOf } from "./providers.ts";

/** Whether a provider is Postern's, by its name. */
export interface IsPostern {
	readonly provider: (name: string) => boolean;
}

/** What only Istio's resources can be wrong in. */
export function checkIstio(found: Collected, isPostern: IsPostern, tell: Tell<MeshCode>): void {
	for (const { settings } of providersOf(found)) checkFields(settings, "EnvoyExtAuthzGrpc", tell);
	const names = providerNames(found);
	for (const { kind, group, node } of found.resources) {
		if (kind === "AuthorizationPolicy" && group === "security.istio.io") {
			checkPolicy(node, { names, meshKnown: found.meshes.length > 0, isPostern }, tell);
		}
		if (kind === "VirtualService" && group === "networking.istio.io") checkVirtualService(node, tell);
	}
	checkEncryption(found, isPostern, tell);
	for (const patch of patchesOf(found)) {
		if (patch.applyTo !== "HTTP_FILTER" || patch.context !== "ANY" || patch.value === undefined) continue;
		if (patch.operation !== "MERGE" && /ext_(?:authz|proc)/.test(filterText(patch.value))) {
			tell("istio_context_any", patch.contextAt);
		}
	}
}

/** Istio encrypts between workloads by itself, unless it is told not to. */
function checkEncryption(found: Collected, isPostern: IsPostern, tell: Tell<MeshCode>): void {
	const hosts = providersOf(found)
		.filter(({ name }) => isPostern.provider(name))
		.flatMap(({ settings }) => (textAt(settings, "service") ?? "").split("/").at(-1) ?? []);
	const modes = found.resources.flatMap(({ kind, group, node }) => {
		if (kind !== "DestinationRule" || group !== "networking.istio.io") return [];
		const host = textAt(node, "spec", "host") ?? "";
		const mode = fieldAt(node, "spec", "traffic_policy", "tls", "mode");
		const ours = hosts.some((each) => each === host || each.startsWith(`${host}.`));
		return ours && mode !== undefined ? [{ at: mode.place, mode: textOf(mode.value) }] : [];
	});
	for (const { at, mode } of modes) if (mode === "DISABLE") tell("cluster_plaintext", at);
	if (hosts.length === 0 || modes.length > 0) return;
	for (const mesh of found.meshes) {
		if (truthAt(mesh, "enable_auto_mtls") === false) {
			tell("cluster_plaintext", placeAt(mesh, mesh.place, "enable_auto_mtls"));
		}
	}
}

function filterText(value: Parameters<typeof fieldAt>[0]): string {
	const inner = textAt(value, "typed_config", "extension_config", "name") ?? "";
	return `${textAt(value, "name") ?? ""} ${inner}`;
}

interface Providers {
	readonly names: ReadonlySet<string>;
	readonly meshKnown: boolean;
	readonly isPostern: IsPostern;
}

function checkPolicy(
	node: PlacedMap,
	{ names, meshKnown, isPostern }: Providers,
	tell: Tell<MeshCode>,
): void {
	if (textAt(node, "spec", "action") !== "CUSTOM") return;
	const action = placeAt(node, node.place, "spec", "action");
	const provider = textAt(node, "spec", "provider", "name");
	const named = placeAt(node, action, "spec", "provider", "name");
	if (provider !== undefined && meshKnown && !names.has(provider)) {
		tell("istio_provider_unknown", named, provider);
		return;
	}
	if (!meshKnown) tell("istio_provider_elsewhere", named);
	else if (provider === undefined || !isPostern.provider(provider)) return;
	if (itemsAt(node, "spec", "target_refs").length > 0 || fieldAt(node, "spec", "target_ref") !== undefined) {
		const refs = fieldAt(node, "spec", "target_refs") ?? fieldAt(node, "spec", "target_ref");
		tell("istio_waypoint_identity", refs?.place ?? action);
	}
	const rules = fieldAt(node, "spec", "rules");
	if (itemsAt(node, "spec", "rules").length === 0) {
		tell("istio_rules_empty", rules?.place ?? action);
		return;
	}
	checkRules(mapsAt(node, "spec", "rules"), rules?.place ?? action, tell);
}

function checkRules(rules: readonly PlacedMap[], at: Place, tell: Tell<MeshCode>): void {
	for (const rule of rules) {
		for (const condition of mapsAt(rule, "when")) {
			if (textAt(condition, "key")?.startsWith("request.auth.")) {
				tell("istio_rules_unmatchable", placeAt(condition, condition.place, "key"));
			}
		}
		for (const source of mapsAt(rule, "from")) {
			const principals = fieldAt(source, "source", "request_principals");
			if (principals !== undefined) tell("istio_rules_unmatchable", principals.place);
		}
	}
	if (!rules.some((rule) => ["from", "to", "when"].every((name) => fieldOf(rule, name) === undefined))) {
		tell("istio_rules_partial", at);
	}
}

/** Mirrors are copies of what Postern let through; which of a mesh's routes are guarded is not said here. */
function checkVirtualService(node: PlacedMap, tell: Tell<MeshCode>): void {
	for (const route of mapsAt(node, "spec", "http")) {
		const mirror = fieldOf(route, "mirror") ?? fieldOf(route, "mirrors");
		if (mirror !== undefined) tell("route_mirrored", mirror.place);
	}
}
