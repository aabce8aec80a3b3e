import type { ReleaseRecord } from "../../audit/types.ts";
import type { Span } from "../../telemetry/span-types.ts";
import type { CallTrace } from "../call-trace.ts";
import { FAILURE_STATUS, statusName } from "../transport/failure-status.ts";
import { EXTERNAL_PROCESSOR } from "../transport/service-names.ts";
import type { FailureCode } from "./process-stream.ts";

/** How a stream ended. `cancelled`: Envoy went before it was served. */
export type StreamEnd = FailureCode | "done" | "cancelled";

/** What a stream's records said: of each direction the last, for what flowed was released or cut in the end. */
export interface ReleaseNotes {
	decisionId: string | undefined;
	revision: string | undefined;
	request: ReleaseRecord | undefined;
	response: ReleaseRecord | undefined;
}

const METHOD = `${EXTERNAL_PROCESSOR}/Process`;

/** The span of one stream, by the semantic conventions for servers of RPC; it says less than the records do. */
export function processSpan(
	trace: CallTrace,
	notes: ReleaseNotes,
	end: StreamEnd,
	endMs: number,
	durationMs: number,
): Span {
	const { request, response, decisionId } = notes;
	const failed = end !== "done" && end !== "cancelled";
	const status = failed ? statusName(FAILURE_STATUS[end]) : end === "done" ? "OK" : "CANCELLED";
	return {
		traceId: trace.traceId,
		spanId: trace.spanId,
		parentId: trace.parentId,
		name: METHOD,
		endMs,
		durationMs,
		attributes: {
			"rpc.system.name": "grpc",
			"rpc.method": METHOD,
			"rpc.response.status_code": status,
			"error.type": failed ? status : undefined,
			"postern.decision_id": decisionId,
			"opa.decision_id": decisionId,
			"postern.policy.revision": notes.revision,
			"postern.request.outcome": request?.outcome,
			"postern.request.reason": request?.reason,
			"postern.response.outcome": response?.outcome,
			"postern.response.reason": response?.reason,
		},
		failed,
	};
}
