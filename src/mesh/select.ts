import { AUTHZ, PROC } from "./messages.ts";
import type { Filter } from "./model.ts";
import { fieldOf, isOpen, textAt } from "./read-node.ts";

/** Which filters are Postern's. */
export interface Selection {
	/** Names of the clusters that count as Postern's; empty where none is named anywhere. */
	readonly clusters: readonly string[];
	/** Others that gRPC filters call. */
	readonly others: readonly string[];
	/** Whether another choice would have been as good. */
	readonly guessed: boolean;
	isPostern(filter: Filter): boolean;
}

/** The cluster that an ext_authz or ext_proc filter calls; undefined when it says none, or it is filled in later. */
export function clusterOf({ type, config }: Filter): string | undefined {
	if (type !== AUTHZ && type !== PROC) return undefined;
	return (
		textAt(config, "grpc_service", "envoy_grpc", "cluster_name") ??
		textAt(config, "grpc_service", "google_grpc", "target_uri") ??
		textAt(config, "http_service", "http_service", "http_uri", "cluster")
	);
}

/** ext_authz by HTTP is another service's, for Postern speaks gRPC; ext_proc by HTTP is a mistake. */
function mayBePostern(filter: Filter): boolean {
	if (filter.type === AUTHZ) return fieldOf(filter.config, "http_service") === undefined;
	return filter.type === PROC;
}

/**
 * Chooses by name, where `named` says one. Else: the clusters that both kinds of filter call; else those whose name
 * holds `postern`; else all.
 */
export function selectPostern(filters: readonly Filter[], named: readonly string[]): Selection {
	const candidates = filters.filter(mayBePostern);
	const byKind = (kind: string): ReadonlySet<string> =>
		new Set(candidates.filter(({ type }) => type === kind).flatMap((filter) => clusterOf(filter) ?? []));
	const authz = byKind(AUTHZ);
	const proc = byKind(PROC);
	const all = [...new Set([...authz, ...proc])];
	const { clusters, guessed } = choose(all, authz, proc, named);
	return {
		clusters,
		others: all.filter((name) => !clusters.includes(name)),
		guessed,
		isPostern: (filter) => {
			if (!mayBePostern(filter)) return false;
			const cluster = clusterOf(filter);
			return cluster === undefined ? named.length === 0 || isUnknown(filter) : clusters.includes(cluster);
		},
	};
}

function isUnknown({ config }: Filter): boolean {
	return isOpen(
		fieldOf(fieldOf(fieldOf(config, "grpc_service")?.value, "envoy_grpc")?.value, "cluster_name")?.value,
	);
}

function choose(
	all: readonly string[],
	authz: ReadonlySet<string>,
	proc: ReadonlySet<string>,
	named: readonly string[],
): Pick<Selection, "clusters" | "guessed"> {
	if (named.length > 0) {
		return { clusters: all.filter((name) => named.some((each) => isNamed(name, each))), guessed: false };
	}
	const both = all.filter((name) => authz.has(name) && proc.has(name));
	if (both.length > 0) return { clusters: both, guessed: both.length > 1 };
	const likely = all.filter((name) => /postern/i.test(name));
	return { clusters: likely.length > 0 ? likely : all, guessed: all.length > 1 };
}

/** A name as it stands, or the host or service in Istio's `outbound|PORT||HOST`. */
function isNamed(cluster: string, name: string): boolean {
	if (cluster === name) return true;
	const host = /^outbound\|\d*\|[^|]*\|(.+)$/.exec(cluster)?.[1];
	return host !== undefined && (host === name || host.split(".", 1)[0] === name);
}
