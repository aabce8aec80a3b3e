import type { MeshCode } from "../codes.ts";
import type { Routes } from "../model.ts";
import { isGuarded, type PosternChain } from "../postern-chain.ts";
import { fieldOf, mapsAt, textAt } from "../read-node.ts";
import type { Tell } from "../types.ts";

/** Connection managers without Postern whose routes lead to upstreams that others guard. */
export function checkUnguarded(chains: readonly PosternChain[], tell: Tell<MeshCode>): void {
	const guarded = new Set(chains.filter(isGuarded).flatMap(upstreamsOf));
	for (const chain of chains) {
		if (isGuarded(chain) || chain.manager === undefined) continue;
		const shared = [...new Set(upstreamsOf(chain))].filter((name) => guarded.has(name));
		if (shared.length > 0) tell("chain_unguarded", chain.at, shared.join(", "));
	}
}

function upstreamsOf({ routes }: PosternChain): readonly string[] {
	return routes.flatMap(clustersOf);
}

function clustersOf({ config }: Routes): readonly string[] {
	return mapsAt(config, "virtual_hosts")
		.flatMap((host) => mapsAt(host, "routes"))
		.flatMap((route) => {
			const action = fieldOf(route, "route")?.value;
			const weighted = mapsAt(action, "weighted_clusters", "clusters").flatMap(
				(each) => textAt(each, "name") ?? [],
			);
			const one = textAt(action, "cluster");
			return one === undefined ? weighted : [one, ...weighted];
		});
}
