import type { Place, Placed, PlacedMap } from "../../lib/placed.ts";
import type { MeshCode } from "../codes.ts";
import { AUTHZ_PER_ROUTE, MATCHER_PER_ROUTE, PROC_PER_ROUTE, ROUTE_FILTER_CONFIG } from "../messages.ts";
import type { Filter } from "../model.ts";
import { fieldOf, mapAt, placeAt, truthAt } from "../read-node.ts";
import { typedOf } from "../typed.ts";
import type { PosternFacts, Subject, Tell } from "../types.ts";
import { type AuthzSurroundings, checkRequestBody } from "./ext-authz.ts";
import { checkProc } from "./ext-proc.ts";

/** The filters whose settings a route may change. */
export interface FilterSettings {
	/** Postern's; empty where the chain is not known, and then every filter of the kind counts. */
	readonly authz: readonly Filter[];
	readonly proc: readonly Filter[];
	/** Names of all filters of the chain. */
	readonly names: ReadonlySet<string>;
	readonly surroundings: AuthzSurroundings;
}

/**
 * What `typed_per_filter_config` of a route configuration, a virtual host, a route or a weighted cluster makes of
 * Postern's filters. `forwards`: whether an upstream is behind it. Answers where a filter is switched off.
 */
export function checkPerFilter(
	node: PlacedMap,
	forwards: boolean,
	settings: FilterSettings,
	facts: PosternFacts,
	tell: Tell<MeshCode>,
): readonly Place[] {
	return (mapAt(node, "typed_per_filter_config")?.entries ?? []).flatMap(({ key, place, value }) => {
		const kind = kindOf(key, value, settings);
		if (kind === undefined) return [];
		return checkOne({ key, at: place, value, kind, forwards }, settings, facts, tell);
	});
}

interface Override {
	readonly key: string;
	readonly at: Place;
	readonly value: Placed;
	readonly kind: "authz" | "proc";
	readonly forwards: boolean;
}

/** Whether a setting is about one of Postern's filters: by the filter's name, else by the message. */
function kindOf(key: string, value: Placed, settings: FilterSettings): "authz" | "proc" | undefined {
	if (settings.authz.some(({ name }) => name === key)) return "authz";
	if (settings.proc.some(({ name }) => name === key)) return "proc";
	if (settings.names.has(key)) return undefined;
	const typed = typedOf(value);
	const inner = typed?.type === ROUTE_FILTER_CONFIG ? typedOf(fieldOf(typed.config, "config")?.value) : typed;
	if (inner?.type === AUTHZ_PER_ROUTE || /ext_authz/.test(key)) return "authz";
	if (inner?.type === PROC_PER_ROUTE || inner?.type === MATCHER_PER_ROUTE || /ext_proc/.test(key))
		return "proc";
	return undefined;
}

function checkOne(
	override: Override,
	settings: FilterSettings,
	facts: PosternFacts,
	tell: Tell<MeshCode>,
): readonly Place[] {
	const { value, kind, at, forwards } = override;
	const typed = typedOf(value);
	if (typed === undefined) return [];
	const off = truthAt(typed.config, "disabled") === true;
	if (off) {
		const place = placeAt(typed.config, at, "disabled");
		if (!forwards) return [];
		tell(kind === "authz" ? "route_check_disabled" : "route_masking_disabled", place);
		return [place];
	}
	if (typed.type === ROUTE_FILTER_CONFIG) {
		const config = fieldOf(typed.config, "config");
		if (config === undefined) return [];
		return checkOne({ ...override, value: config.value, at: config.place }, settings, facts, tell);
	}
	if (typed.type === MATCHER_PER_ROUTE) tell("matcher_per_route", at);
	else if (kind === "authz") checkCheckSettings(typed.config, at, settings, facts, tell);
	else checkProcOverrides(typed.config, at, settings, facts, tell);
	return [];
}

function checkCheckSettings(
	config: PlacedMap,
	at: Place,
	settings: FilterSettings,
	facts: PosternFacts,
	tell: Tell<MeshCode>,
): void {
	const given = fieldOf(config, "check_settings");
	if (given?.value.kind !== "map") return;
	for (const name of ["grpc_service", "http_service"]) {
		const service = fieldOf(given.value, name);
		if (service !== undefined) tell("route_service_replaced", service.place);
	}
	if (truthAt(given.value, "disable_request_body_buffering") === true) {
		tell("route_body_unseen", placeAt(given.value, at, "disable_request_body_buffering"));
	}
	const subject: Subject = { config: given.value, at: given.place, whole: true, flavour: "envoy" };
	checkRequestBody(subject, settings.surroundings, facts, tell);
}

/** Each field of the overrides takes the place of the filter's own as a whole. */
function checkProcOverrides(
	config: PlacedMap,
	at: Place,
	settings: FilterSettings,
	facts: PosternFacts,
	tell: Tell<MeshCode>,
): void {
	const given = fieldOf(config, "overrides");
	if (given?.value.kind !== "map") return;
	const { entries } = given.value;
	const bases = settings.proc.length === 0 ? [undefined] : settings.proc;
	for (const base of bases) {
		const kept = (base?.config?.entries ?? []).filter(
			(own) => !entries.some(({ key }) => sameField(key, own.key)),
		);
		const merged: PlacedMap = { kind: "map", place: given.place, entries: [...kept, ...entries] };
		const subject: Subject = {
			config: merged,
			at: base?.at ?? at,
			whole: base?.whole ?? false,
			flavour: base?.flavour ?? "envoy",
		};
		checkProc(subject, settings.surroundings.bufferBytes, facts, tell);
	}
}

function sameField(left: string, right: string): boolean {
	return left.replaceAll("_", "").toLowerCase() === right.replaceAll("_", "").toLowerCase();
}
