import type { Placed } from "../lib/placed.ts";
import { collect, type ReadText } from "./collect.ts";
import { type FindingList, findingList, type MeshFinding } from "./findings.ts";
import { gatewayChains } from "./gateway/chains.ts";
import { checkGateway } from "./gateway/rules.ts";
import { istioChains } from "./istio/chains.ts";
import { providersOf } from "./istio/providers.ts";
import { checkIstio } from "./istio/rules.ts";
import { AUTHZ } from "./messages.ts";
import type { Collected, Filter, TextProblem } from "./model.ts";
import { isGuarded, type PosternChain, posternChain, resolved } from "./postern-chain.ts";
import { fieldOf, mapAt, placeAt } from "./read-node.ts";
import { checkBuffers } from "./rules/buffers.ts";
import { checkCallers } from "./rules/callers.ts";
import { checkChain } from "./rules/chain.ts";
import { checkCluster } from "./rules/clusters.ts";
import { checkManager } from "./rules/edge.ts";
import { checkAuthz } from "./rules/ext-authz.ts";
import { checkProc } from "./rules/ext-proc.ts";
import { checkFields } from "./rules/fields.ts";
import { checkAuthzMatcher, checkProcMatcher } from "./rules/matcher.ts";
import { checkPresence } from "./rules/presence.ts";
import { checkRoutes } from "./rules/routes.ts";
import { surroundingsOf, UNKNOWN_CHAIN } from "./rules/surroundings.ts";
import { checkUnguarded } from "./rules/unguarded.ts";
import { clusterOf, type Selection, selectPostern } from "./select.ts";
import type { PosternFacts, Subject } from "./types.ts";

/** What `checkMesh` is asked. */
export interface MeshInput {
	/** In the order in which they were given. */
	readonly files: readonly string[];
	readonly documents: readonly Placed[];
	/** What is wrong with the texts themselves. */
	readonly problems: readonly TextProblem[];
	readonly readText: ReadText;
	readonly facts: PosternFacts;
	/** Clusters that are Postern's; empty: to be guessed. */
	readonly clusters: readonly string[];
}

export interface MeshReport {
	readonly findings: readonly MeshFinding[];
	/** The clusters that were taken for Postern's. */
	readonly postern: readonly string[];
}

/** Finds what is unsafe or useless in a set-up of Envoy for Postern. Pure; never throws for what a file holds. */
export function checkMesh(input: MeshInput): MeshReport {
	const list = findingList();
	const found = collect(input.documents, input.readText);
	for (const { place, message } of [...input.problems, ...found.problems]) {
		list.as("envoy")("yaml_invalid", place, message);
	}
	const chains = [
		...found.chains.map((chain) => resolved(chain, found)),
		...istioChains(found),
		...gatewayChains(found),
	];
	const filters = [...chains.flatMap((chain) => chain.filters), ...found.filters, ...found.upstream];
	const selection = selectPostern(filters, input.clusters);
	const guarded = chains.map((chain) => posternChain(chain, selection, found));
	const own = guarded.filter(isGuarded);
	const context: Context = { found, selection, facts: input.facts, list };

	for (const chain of own) checkOwnChain(chain, context);
	for (const filter of [...found.filters, ...found.upstream]) {
		if (!selection.isPostern(filter)) continue;
		checkFilter(filter, undefined, context);
		if (found.upstream.includes(filter)) list.as("envoy")("chain_upstream_filter", filter.at);
	}
	checkLooseRoutes(own, chains.length > 0, context);
	checkUnguarded(guarded, list.as("envoy"));
	checkClusters(filters, context);
	checkIstio(
		found,
		{
			provider: (name) =>
				providersOf(found).some((each) => each.name === name && selection.isPostern(each.filter)),
		},
		list.as("istio"),
	);
	checkGateway(found, ({ filter }) => selection.isPostern(filter), list.as("gateway"));
	const given = { ...input, broken: input.problems.length > 0 };
	checkPresence(given, filters, found, selection, list.as("envoy"));
	return { findings: list.sorted(input.files), postern: selection.clusters };
}

interface Context {
	readonly found: Collected;
	readonly selection: Selection;
	readonly facts: PosternFacts;
	readonly list: FindingList;
}

function checkOwnChain(chain: PosternChain, context: Context): void {
	const { facts, list } = context;
	const tell = list.as(chain.flavour);
	for (const filter of [...chain.authz, ...chain.proc]) checkFilter(filter, chain, context);
	checkChain(chain, facts, tell);
	checkManager(chain, facts, tell);
	checkCallers(chain, tell);
	if (chain.masked) checkBuffers(chain, facts, tell);
	const elsewhere = ["rds", "scoped_routes"]
		.map((name) => fieldOf(chain.manager, name))
		.find((each) => each !== undefined);
	if (elsewhere !== undefined && chain.routes.length === 0) tell("route_elsewhere", elsewhere.place);
	for (const routes of chain.routes) checkRoutes(routes, surroundingsOf(chain), facts, tell);
}

/** One of Postern's filters by itself; `chain` is undefined where it stands alone. */
function checkFilter(filter: Filter, chain: PosternChain | undefined, { facts, list }: Context): void {
	const { config, type, at, whole, flavour, wrapper } = filter;
	if (config === undefined) return;
	const tell = list.as(flavour);
	const around = chain === undefined ? { asksCertificates: false } : surroundingsOf(chain).surroundings;
	const subject: Subject = { config, at, whole, flavour };
	if (wrapper !== undefined) {
		checkFields(wrapper, "ExtensionWithMatcher", tell);
		if (type === AUTHZ) checkAuthzMatcher(filter, tell);
		else checkProcMatcher(filter, tell);
	}
	// What a control plane makes of a resource has the resource's names, which are checked there.
	const written = flavour === "envoy" || fieldOf(filter.entry, "typed_config") !== undefined;
	if (type === AUTHZ) {
		if (written) checkFields(config, "ExtAuthz", tell);
		checkAuthz(subject, around, facts, tell);
	} else {
		if (written) checkFields(config, "ExternalProcessor", tell);
		checkProc(subject, "bufferBytes" in around ? around.bufferBytes : undefined, facts, tell);
	}
}

/** Routes that no manager in the files asks for. */
function checkLooseRoutes(own: readonly PosternChain[], chainsKnown: boolean, context: Context): void {
	const { found, facts, list } = context;
	const used = new Set([...own, ...found.chains].flatMap(({ routes }) => routes));
	const [only] = own.length === 1 ? own : [];
	if (chainsKnown && only === undefined) return;
	const around = only === undefined ? UNKNOWN_CHAIN : surroundingsOf(only);
	for (const routes of found.routes) {
		if (!used.has(routes)) checkRoutes(routes, around, facts, list.as(routes.flavour));
	}
}

/** Clusters are looked for only where a bootstrap says which there are, and checked wherever they are found. */
function checkClusters(filters: readonly Filter[], { found, selection, list }: Context): void {
	const tell = list.as("envoy");
	for (const name of selection.clusters) {
		const cluster = found.clusters.get(name);
		if (cluster !== undefined) checkCluster(cluster, tell);
	}
	for (const filter of filters) {
		const name = clusterOf(filter);
		if (filter.flavour !== "envoy" || name === undefined || !selection.isPostern(filter)) continue;
		if (found.clusters.has(name) || found.bootstraps.length === 0) continue;
		const at = placeAt(filter.config, filter.at, "grpc_service", "envoy_grpc", "cluster_name");
		const dynamic = found.bootstraps.some((each) => mapAt(each, "dynamic_resources") !== undefined);
		tell(dynamic ? "cluster_elsewhere" : "cluster_missing", at, name);
	}
	if (filters.length > 0 || found.bootstraps.length > 0) return;
	// A fragment of clusters alone: those named after Postern are meant.
	for (const [name, cluster] of found.clusters) if (/postern/i.test(name)) checkCluster(cluster, tell);
}
