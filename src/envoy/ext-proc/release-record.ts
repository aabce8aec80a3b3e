import type { ReleaseRecord } from "../../audit/types.ts";
import type { FieldReport, ReportEntry } from "../../fields/types.ts";
import type { ProcessDeps } from "./deps.ts";
import type { Exchange } from "./exchange.ts";
import type { ReplaceReason } from "./refusals.ts";

export type Outcome =
	| { readonly kind: "released"; readonly report?: FieldReport; readonly reportedHeaders: readonly string[] }
	| { readonly kind: "replaced"; readonly status: number; readonly reason: ReplaceReason };

/** The record of one judged answer. `time`: wall clock, milliseconds. */
function releaseRecord(exchange: Exchange, outcome: Outcome, time: number): ReleaseRecord {
	const { decisionId, handoff, upstreamStatus } = exchange;
	return {
		type: "release",
		time: new Date(time).toISOString(),
		...(decisionId === undefined ? {} : { decision_id: decisionId }),
		...(handoff === undefined ? {} : { op: handoff.op, policy: { revision: handoff.rev } }),
		...(upstreamStatus === 0 ? {} : { upstream_status: upstreamStatus }),
		status: outcome.kind === "released" ? upstreamStatus : outcome.status,
		outcome: outcome.kind,
		...(outcome.kind === "replaced" ? { reason: outcome.reason } : {}),
		...(outcome.kind === "released" && outcome.report !== undefined ? { fields: outcome.report } : {}),
		...(outcome.kind === "released" && outcome.reportedHeaders.length > 0
			? { headers_reported: plainNames(outcome.reportedHeaders) }
			: {}),
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
	if (!taken && deps.auditOverflow === "deny" && outcome.kind === "released") return false;
	const reason = outcome.kind === "replaced" ? outcome.reason : "released";
	deps.metrics.bodies.inc({ outcome: outcome.kind, reason });
	if (outcome.kind === "released" && outcome.report !== undefined) {
		for (const verdict of ["released", "masked", "withheld"] as const)
			deps.metrics.maskedFields.inc({ verdict }, total(outcome.report[verdict]));
	}
	return true;
}

function total(entries: readonly ReportEntry[]): number {
	return entries.reduce((sum, entry) => sum + entry.count, 0);
}
