import { readTraceContext, type TraceHeaders } from "../lib/trace-context.ts";
import type { SpanSink } from "../telemetry/span-types.ts";

/** Where one call belongs in its caller's trace. */
export interface CallTrace {
	readonly traceId: string;
	/** Ours where a span is recorded, the caller's otherwise: what records and log lines name. */
	readonly spanId: string;
	readonly parentId: string;
	/** Absent: traces are off, or the caller does not record this one. */
	readonly sink?: SpanSink;
}

/**
 * The trace of a call. Its metadata come from Envoy, which may have begun the trace; the request's headers are what is
 * left where Envoy traces nothing.
 */
export function callTrace(
	sink: SpanSink | undefined,
	metadata: TraceHeaders | undefined,
	headers: TraceHeaders | undefined,
): CallTrace | undefined {
	const context =
		(metadata === undefined ? undefined : readTraceContext(metadata)) ??
		(headers === undefined ? undefined : readTraceContext(headers));
	if (context === undefined) return undefined;
	const { traceId, parentId, sampled } = context;
	return sampled && sink !== undefined
		? { traceId, parentId, spanId: sink.newId(), sink }
		: { traceId, parentId, spanId: parentId };
}

/** Of a log line. */
export interface TraceNames {
	readonly trace_id?: string;
	readonly span_id?: string;
}

const NO_NAMES: TraceNames = {};

/** What a log line says of the trace. */
export function traceNames(trace: CallTrace | undefined): TraceNames {
	return trace === undefined ? NO_NAMES : { trace_id: trace.traceId, span_id: trace.spanId };
}
