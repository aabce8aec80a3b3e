import type { MaskRule, Strategy } from "./types.ts";

/** Strategies from the one that hides most to the one that hides least. */
const ORDER = ["null", "constant", "redact", "hash", "year", "truncate", "email", "partial"] as const;

/** These show different parts of a value: two of them on one value together show more than either. */
const SHOWING: ReadonlySet<string> = new Set(["hash", "year", "truncate", "email", "partial"]);

function kept(strategy: Strategy): number {
	if (strategy.as === "partial") return strategy.keepStart + strategy.keepEnd;
	return strategy.as === "truncate" ? strategy.length : 0;
}

/** Negative when `a` hides more than `b`; the order in which rules were written plays no part. */
function compareMasks(a: MaskRule, b: MaskRule): number {
	const rank = ORDER.indexOf(a.strategy.as) - ORDER.indexOf(b.strategy.as);
	if (rank !== 0) return rank;
	const least = kept(a.strategy) - kept(b.strategy);
	if (least !== 0) return least;
	if (a.parameters === b.parameters) return 0;
	return a.parameters < b.parameters ? -1 : 1;
}

/** Which of several mask rules wins: one of them, or `redact` where `combine` asks for it. */
export function chooseMask(rules: readonly MaskRule[], combine: "strongest" | "redact"): MaskRule | "redact" {
	let best = rules[0]!;
	for (const rule of rules) if (compareMasks(rule, best) < 0) best = rule;
	if (combine === "strongest" || !SHOWING.has(best.strategy.as)) return best;
	return rules.some((rule) => rule.strategy.as !== best.strategy.as) ? "redact" : best;
}
