import type { Place, Placed } from "../../lib/placed.ts";
import type { MeshCode } from "../codes.ts";
import { AUTHZ, COMPRESSOR, DECOMPRESSOR, HANDOFF_NAMESPACE, HEADER_MUTATION, PROC } from "../messages.ts";
import type { Filter } from "../model.ts";
import type { PosternChain } from "../postern-chain.ts";
import { fieldOf, itemsAt, mapsAt, placeAt, textAt, textOf, truthAt } from "../read-node.ts";
import { placesOf } from "../typed.ts";
import type { PosternFacts, Tell } from "../types.ts";
import { checkUpgrades } from "./upgrades.ts";

const CACHES = /\.filters\.http\.cache(?:_v2)?\./;
const FOREIGN_CODE = /\.filters\.http\.(lua|wasm|golang|dynamic_modules)\./;
const TAP = /\.filters\.http\.tap\./;

/** The filters of a chain in which Postern has one, and their neighbours. */
export function checkChain(chain: PosternChain, facts: PosternFacts, tell: Tell<MeshCode>): void {
	const { filters, authz, proc, masked } = chain;
	const indexOf = (filter: Filter | undefined): number =>
		filter === undefined ? -1 : filters.indexOf(filter);
	const check = indexOf(authz[0]);
	const masking = indexOf(proc[0] ?? chain.composites[0]);
	for (const filter of filters) checkPresence(filter, chain, tell);
	for (const filter of chain.composites) checkComposite(filter, tell);
	if (masked && authz.length === 0 && !filters.some(mayBeAuthz)) {
		tell("chain_authz_missing", (proc[0] ?? chain.composites[0])?.at ?? chain.at);
	}
	if (!masked) checkUnmasked(chain, facts, tell);
	for (const [index, filter] of filters.entries()) {
		checkNeighbour(filter, { index, check, masking, chain, facts }, tell);
	}
	if (proc[0]?.wrapper !== undefined && check > masking) tell("matcher_early", proc[0].at);
	for (const filter of proc) {
		if (filter.wrapper === undefined && filter.whole) tell("proc_unmatched", filter.at);
	}
	checkCounters(filters, AUTHZ, tell);
	checkCounters(filters, PROC, tell);
	if (masked) checkUpgrades(chain, tell);
}

function checkUnmasked(chain: PosternChain, facts: PosternFacts, tell: Tell<MeshCode>): void {
	const [filter] = chain.authz;
	if (filter === undefined || chain.filters.some(mayBeProc)) return;
	if (!facts.known) tell("chain_access_only", filter.at);
	else if (facts.fields) tell("chain_fields_ignored", filter.at);
}

/** Settings that `config_discovery` brings may be those of either filter. */
function mayBeAuthz(filter: Filter): boolean {
	return fieldOf(filter.entry, "config_discovery") !== undefined && /authz/i.test(filter.name);
}

function mayBeProc(filter: Filter): boolean {
	return fieldOf(filter.entry, "config_discovery") !== undefined && /proc/i.test(filter.name);
}

function checkPresence(filter: Filter, chain: PosternChain, tell: Tell<MeshCode>): void {
	if (mayBeAuthz(filter) || mayBeProc(filter)) {
		if (filter.config === undefined) {
			tell("chain_config_elsewhere", placeAt(filter.entry, filter.at, "config_discovery"));
		}
	}
	if (!chain.authz.includes(filter) && !chain.proc.includes(filter)) return;
	if (truthAt(filter.entry, "is_optional") === true) {
		tell("chain_filter_optional", placeAt(filter.entry, filter.at, "is_optional"));
	}
	if (truthAt(filter.entry, "disabled") === true && !isEnabledSomewhere(filter, chain)) {
		tell("chain_filter_disabled", placeAt(filter.entry, filter.at, "disabled"));
	}
}

/** Whether a route switches the filter on, or routes are not known. */
function isEnabledSomewhere(filter: Filter, chain: PosternChain): boolean {
	if (chain.routes.length === 0) {
		return (
			fieldOf(chain.manager, "rds") !== undefined || fieldOf(chain.manager, "scoped_routes") !== undefined
		);
	}
	return chain.routes.some(({ config }) => enables(config, filter.name));
}

function enables(node: Placed, name: string): boolean {
	if (node.kind === "list") return node.items.some((item) => enables(item, name));
	if (node.kind === "scalar") return false;
	const settings = fieldOf(node, "typed_per_filter_config")?.value;
	const own = settings?.kind === "map" ? settings.entries.find(({ key }) => key === name) : undefined;
	if (own !== undefined && truthAt(own.value, "disabled") !== true) return true;
	return ["virtual_hosts", "routes", "route", "weighted_clusters", "clusters"].some((field) => {
		const inner = fieldOf(node, field)?.value;
		return inner !== undefined && enables(inner, name);
	});
}

/** ext_proc or ext_authz inside of a composite runs only where that chooses it. */
function checkComposite(filter: Filter, tell: Tell<MeshCode>): void {
	for (const at of placesOf(filter.entry, PROC)) tell("matcher_composite", at);
	for (const at of placesOf(filter.entry, AUTHZ)) tell("matcher_skips_check", at);
}

interface Position {
	readonly index: number;
	/** Of ext_authz, and of ext_proc; -1 where there is none. */
	readonly check: number;
	readonly masking: number;
	readonly chain: PosternChain;
	readonly facts: PosternFacts;
}

function checkNeighbour(filter: Filter, position: Position, tell: Tell<MeshCode>): void {
	const { index, check, masking, chain } = position;
	const { type, at, config } = filter;
	if (chain.authz.includes(filter) || chain.proc.includes(filter) || chain.composites.includes(filter))
		return;
	const { masked } = chain;
	if (CACHES.test(type)) {
		if (check >= 0 && index < check) tell("chain_cache_outside", at);
		else if (masked) tell("chain_cache_inside", at);
	}
	if (type === HEADER_MUTATION && check >= 0 && index > check) checkMutation(filter, position.facts, tell);
	if (!masked) return;
	if (type === COMPRESSOR && index > masking && !isResponseOff(config)) tell("chain_compressor", at);
	if (type === DECOMPRESSOR && !isResponseOff(config)) tell("chain_decompressor", at);
	const code = FOREIGN_CODE.exec(type);
	if (code !== null) tell("chain_foreign_code", at, code[1]);
	if (TAP.test(type)) tell("chain_tap", at);
	if (type === AUTHZ && truthAt(config, "enable_dynamic_metadata_ingestion") !== false) {
		tell("chain_second_authz", at);
	}
	if (type === PROC) tell("chain_second_proc", at);
	for (const place of writersIn(filter.entry)) tell("chain_foreign_writer", place);
}

function isResponseOff(config: Placed | undefined): boolean {
	return truthAt(config, "response_direction_config", "common_config", "enabled", "default_value") === false;
}

/** Where a filter says that it writes ext_authz's namespace. */
function writersIn(node: Placed): readonly Place[] {
	if (node.kind === "scalar") return [];
	if (node.kind === "list") return node.items.flatMap(writersIn);
	return node.entries.flatMap(({ key, place, value }) => {
		if (/^metadata_?namespace$/i.test(key)) return textOf(value) === HANDOFF_NAMESPACE ? [place] : [];
		if (/^receiving_?namespaces$/i.test(key)) {
			const names = [...itemsAt(value, "untyped"), ...itemsAt(value, "typed")];
			return names.filter((name) => textOf(name) === HANDOFF_NAMESPACE).map((name) => name.place);
		}
		return writersIn(value);
	});
}

function checkMutation({ config }: Filter, facts: PosternFacts, tell: Tell<MeshCode>): void {
	for (const mutation of mapsAt(config, "mutations", "request_mutations")) {
		const name = (
			textAt(mutation, "remove") ??
			textAt(mutation, "append", "header", "key") ??
			""
		).toLowerCase();
		if (facts.identityHeaders.includes(name)) tell("chain_request_rewritten", mutation.place, name);
	}
	for (const mutation of mapsAt(config, "mutations", "query_parameter_mutations")) {
		tell("chain_request_rewritten", mutation.place, "query");
	}
}

function checkCounters(filters: readonly Filter[], type: string, tell: Tell<MeshCode>): void {
	const seen = new Set<string>();
	for (const { type: its, config, at } of filters) {
		if (its !== type) continue;
		const prefix = textAt(config, "stat_prefix") ?? "";
		if (seen.has(prefix)) tell("chain_counters_shared", at);
		seen.add(prefix);
	}
}
