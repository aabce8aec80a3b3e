import type { PosternChain } from "../postern-chain.ts";
import { fieldOf, truthAt } from "../read-node.ts";
import { leastBytes } from "./buffers.ts";
import { asksCertificates } from "./callers.ts";
import type { RouteSurroundings } from "./routes.ts";

/** What a chain means to its filters and its routes. */
export function surroundingsOf(chain: PosternChain): RouteSurroundings {
	const bufferBytes = leastBytes(chain);
	return {
		authz: chain.authz,
		proc: chain.proc,
		names: new Set(chain.filters.map(({ name }) => name)),
		masked: chain.masked,
		clearsCache: chain.authz.some(
			({ config }) =>
				truthAt(config, "clear_route_cache") === true ||
				fieldOf(config, "clear_route_cache_headers") !== undefined,
		),
		surroundings: {
			masked: chain.masked,
			asksCertificates: asksCertificates(chain),
			...(bufferBytes === undefined ? {} : { bufferBytes }),
		},
	};
}

/** Where no chain is known, routes count as guarded and masked. */
export const UNKNOWN_CHAIN: RouteSurroundings = {
	authz: [],
	proc: [],
	names: new Set(),
	masked: true,
	clearsCache: false,
	surroundings: { asksCertificates: false },
};
