import type { FieldReport } from "../../fields/types.ts";
import type { ProcessDeps } from "./deps.ts";
import type { Judgement } from "./exchange.ts";
import { type JudgedBody, judgeBody, judgeCodedBody } from "./judge-body.ts";
import { type Move, outOfOrder } from "./move.ts";
import { recordOutcome } from "./release-record.ts";

/**
 * Judges a whole body, counts and records it; `pass` makes the answer of what it became. What cannot be recorded does
 * not happen, and what is no longer wanted (`alive`) is not recorded.
 */
export function judgeWhole(
	body: Uint8Array,
	judgement: Judgement,
	reportedHeaders: readonly string[],
	deps: ProcessDeps,
	alive: () => boolean,
	pass: (judged: JudgedBody & { readonly ok: true }) => Move,
): Move | Promise<Move> {
	const { direction, coding } = judgement;
	const start = deps.clock.monotonic();
	deps.metrics.bodyBytes.inc({ body: direction, direction: "in" }, body.length);
	const finish = (judged: JudgedBody): Move => {
		const outcome = judged.ok ? "released" : "replaced";
		deps.metrics.processSeconds.observe((deps.clock.monotonic() - start) / 1000, { outcome });
		if (!alive()) return outOfOrder("a body");
		if (!judged.ok) return { kind: "replace", reason: judged.reason, exchange: judgement };
		const report = judged.report === undefined ? {} : { report: safe(judged.report, judgement, deps) };
		if (!recordOutcome(judgement, { kind: "released", reportedHeaders, ...report }, deps))
			return { kind: "replace", reason: "audit_unavailable", exchange: judgement };
		deps.metrics.bodyBytes.inc({ body: direction, direction: "out" }, judged.length);
		return pass(judged);
	};
	return coding === undefined
		? finish(judgeBody(body, judgement, deps))
		: judgeCodedBody(body, judgement, deps).then(finish);
}

/** The report as it may be written down. */
export function safe(report: FieldReport, judgement: Judgement, deps: ProcessDeps): FieldReport {
	return deps.safeReport?.(report, judgement.plan.directive) ?? report;
}

/** A message that was judged and has no body. */
export function releaseBodiless(
	judgement: Judgement,
	reportedHeaders: readonly string[],
	deps: ProcessDeps,
	pass: () => Move,
): Move {
	return recordOutcome(judgement, { kind: "released", reportedHeaders }, deps)
		? pass()
		: { kind: "replace", reason: "audit_unavailable", exchange: judgement };
}
