import type { ReleaseRecord } from "../../audit/types.ts";
import type { FieldReport, ReportEntry } from "../../fields/types.ts";
import type { ProcessDeps } from "./deps.ts";
import type { Exchange } from "./exchange.ts";
import type { ReplaceReason } from "./refusals.ts";

export type Outcome =
	| { readonly kind: "released"; readonly report?: FieldReport; readonly reportedHeaders: readonly string[] }
	| { readonly kind: "flowing"; readonly reportedHeaders: readonly string[] }
	| { readonly kind: "cut"; readonly report: FieldReport; readonly reason: ReplaceReason }
	| { readonly kind: "replaced"; readonly status: number; readonly reason: ReplaceReason };

/** The record of one judged body. `time`: wall clock, milliseconds. */
function releaseRecord(exchange: Exchange, outcome: Outcome, time: number): ReleaseRecord {
	const { direction, decisionId, handoff, upstreamStatus } = exchange;
	const status = outcome.kind === "replaced" ? outcome.status : upstreamStatus;
	const reported = "reportedHeaders" in outcome ? outcome.reportedHeaders : [];
	return {
		type: "release",
		time: new Date(time).toISOString(),
		direction,
		...(decisionId === undefined ? {} : { decision_id: decisionId }),
		...(handoff === undefined ? {} : { op: handoff.op, policy: { revision: handoff.rev } }),
		...(upstreamStatus === 0 ? {} : { upstream_status: upstreamStatus }),
		...(direction === "request" && outcome.kind !== "replaced" ? {} : { status }),
		outcome: outcome.kind,
		...("reason" in outcome ? { reason: outcome.reason } : {}),
		...("report" in outcome && outcome.report !== undefined ? { fields: outcome.report } : {}),
		...(reported.length > 0 ? { headers_reported: plainNames(reported) } : {}),
	};
}

const PLAIN_NAME = /^[a-z_][a-z0-9_-]{0,63}$/;
const MAX_NAMES = 32;

/** Names are data: what is no plain name is written as one sign. */
function plainNames(names: readonly string[]): readonly string[] {
	return names.slice(0, MAX_NAMES).map((name) => (PLAIN_NAME.test(name) ? name : "*"));
}

/**
 * Writes the record and counts the outcome. Answers false when the record was not taken and what cannot be
 * recorded must not happen.
 */
export function recordOutcome(
	exchange: Exchange,
	outcome: Outcome,
	deps: Pick<ProcessDeps, "audit" | "auditOverflow" | "clock" | "metrics">,
): boolean {
	const taken = deps.audit.write(releaseRecord(exchange, outcome, deps.clock.now()));
	const passing = outcome.kind === "released" || outcome.kind === "flowing";
	if (!taken && deps.auditOverflow === "deny" && passing) return false;
	const { direction } = exchange;
	const reason = "reason" in outcome ? outcome.reason : outcome.kind;
	deps.metrics.bodies.inc({ direction, outcome: outcome.kind, reason });
	if ("report" in outcome && outcome.report !== undefined) {
		for (const verdict of ["released", "masked", "withheld"] as const)
			deps.metrics.maskedFields.inc({ direction, verdict }, total(outcome.report[verdict]));
	}
	return true;
}

function total(entries: readonly ReportEntry[]): number {
	return entries.reduce((sum, entry) => sum + entry.count, 0);
}
