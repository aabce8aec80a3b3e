import type { Decision } from "../../decision/types.ts";
import type { Span } from "../../telemetry/span-types.ts";
import type { CallTrace } from "../call-trace.ts";
import { AUTHORIZATION } from "../transport/service-names.ts";

export interface CheckSpanSource {
	readonly decisionId: string;
	readonly decision: Decision;
	readonly reason: string;
	/** What was answered; a dry run answers otherwise than it decided. */
	readonly answered: Decision;
	readonly revision: string | undefined;
	/** Wall clock, milliseconds since 1970. */
	readonly endMs: number;
	readonly durationMs: number;
}

const METHOD = `${AUTHORIZATION}/Check`;

/** The span of one Check, by the semantic conventions for servers of RPC; it says less than the record does. */
export function checkSpan(trace: CallTrace, source: CheckSpanSource): Span {
	const { decision, decisionId, reason } = source;
	return {
		traceId: trace.traceId,
		spanId: trace.spanId,
		parentId: trace.parentId,
		name: METHOD,
		endMs: source.endMs,
		durationMs: source.durationMs,
		attributes: {
			"rpc.system.name": "grpc",
			"rpc.method": METHOD,
			// A denial is an answer like any other.
			"rpc.response.status_code": "OK",
			"postern.decision_id": decisionId,
			// Where those look who come from OPA.
			"opa.decision_id": decisionId,
			"postern.verdict": decision.kind,
			"postern.reason": reason,
			"postern.policy.revision": source.revision,
			"postern.dry_run": decision.kind === source.answered.kind ? undefined : "true",
		},
		failed: false,
	};
}
