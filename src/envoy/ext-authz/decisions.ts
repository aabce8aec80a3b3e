import { LRUCache } from "lru-cache";
import { type DecisionPath, descend, readDecisionPath } from "../../decision/decision-path.ts";
import { denial } from "../../decision/deny.ts";
import { type DecisionRules, type ReadDecision, readDecision } from "../../decision/read-decision.ts";
import type { Decision } from "../../decision/types.ts";
import type { Evaluation } from "../../policy/types.ts";
import type { Metrics } from "../../telemetry/types.ts";

/** How many decisions are remembered for each decision path. */
const DECISIONS = 256;

/** A decision path that calls may ask for. */
export interface Target extends DecisionPath {
	readonly known: LRUCache<Evaluation, ReadDecision>;
}

/** A path as it is configured. */
export function targetOf(path: string): Target {
	return { ...readDecisionPath(path), known: new LRUCache({ max: DECISIONS }) };
}

/**
 * Makes decisions of what a policy gave. Of the same evaluation comes the same decision: reading it depends on nothing
 * else, and what is made of the decision can be found again by it.
 */
export function createDecisions(
	rules: DecisionRules,
	metrics: Pick<Metrics, "ignoredKeys">,
): (evaluation: Evaluation, target: Target) => Decision {
	return (evaluation, { inside, known }) => {
		if (evaluation.kind === "undefined") return denial("undefined_decision");
		if (evaluation.kind === "failed") return denial(evaluation.reason, evaluation.message);
		let found = known.get(evaluation);
		if (found === undefined) {
			const value = descend(evaluation.value, inside);
			if (value === undefined) return denial("undefined_decision");
			found = readDecision(value, rules);
			known.set(evaluation, found);
		}
		const { decision, ignored } = found;
		if (ignored.length > 0) metrics.ignoredKeys.inc({}, ignored.length);
		return decision;
	};
}
