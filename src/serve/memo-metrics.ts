import type { MemoStats } from "../policy/memo.ts";
import type { Metrics } from "../telemetry/types.ts";

interface WithMemo {
	memo(): MemoStats;
}

/**
 * Counts what policies remember, whichever is active: call it with the active one at each scrape, and when another
 * takes over.
 */
export function countMemo(
	metrics: Pick<Metrics, "memoAnswers" | "memoEntries" | "memoBytes">,
): (active: WithMemo) => void {
	let counted: { readonly of: WithMemo; readonly stats: MemoStats } | undefined;

	function count(policy: WithMemo, before: Pick<MemoStats, "hits" | "misses">): MemoStats {
		const stats = policy.memo();
		metrics.memoAnswers.inc({ result: "hit" }, stats.hits - before.hits);
		metrics.memoAnswers.inc({ result: "miss" }, stats.misses - before.misses);
		return stats;
	}

	return (active) => {
		if (counted !== undefined && counted.of !== active) count(counted.of, counted.stats);
		const stats = count(active, counted?.of === active ? counted.stats : { hits: 0, misses: 0 });
		metrics.memoEntries.set(stats.entries);
		metrics.memoBytes.set(stats.bytes);
		counted = { of: active, stats };
	};
}
