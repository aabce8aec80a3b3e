import type { Chain } from "./chains.ts";

/** Go's number for any usage. */
export const ANY_USAGE = 0;
/** And the one that counts where none is asked for. */
export const SERVER_USAGE = 1;

/** Says whether a chain serves one of the usages (Go's numbers): each certificate that names usages narrows them. */
export function serves(chain: Chain, usages: readonly number[]): boolean {
	let left = usages;
	for (const { fields } of chain) {
		const { known = [], unknown = [] } = fields.usages ?? {};
		if (known.length + unknown.length === 0 || known.includes(ANY_USAGE)) continue;
		left = left.filter((usage) => known.includes(usage));
	}
	return left.length > 0;
}
