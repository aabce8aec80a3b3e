import type { Certificate } from "../certificate.ts";
import { buildChains, type Chain, createPool, mayFollow } from "./chains.ts";
import { holdsHost } from "./hostname.ts";
import { namesHold } from "./names.ts";
import type { VerifyOptions } from "./options.ts";
import { policiesHold } from "./policies.ts";
import { ANY_USAGE, SERVER_USAGE, serves } from "./usages.ts";

/**
 * The first chain from the last certificate to the first one that Go's `Certificate.Verify` would give, by way of those
 * between; `undefined` where there is none. Nothing is asked of anybody: no revocation is known.
 */
export function verifiedChain(
	certificates: readonly Certificate[],
	{ host, usages }: VerifyOptions,
	nowNs: bigint,
): Chain | undefined {
	const [root, ...others] = certificates;
	const leaf = others.pop();
	if (root === undefined || leaf === undefined) return undefined;
	if (!mayFollow([], leaf, "leaf", nowNs)) return undefined;
	if (host !== "" && !holdsHost(leaf.fields.names, host)) return undefined;
	const roots = createPool([root]);
	const chains = roots.has(leaf) ? [[leaf]] : buildChains(leaf, roots, createPool(others), nowNs);
	const wanted = usages.length === 0 ? [SERVER_USAGE] : usages;
	return chains.find(
		(chain) =>
			policiesHold(chain) && (wanted.includes(ANY_USAGE) || serves(chain, wanted)) && namesHold(chain),
	);
}
