import type { Metadata } from "@grpc/grpc-js";
import { noteTraceField, TRACE_NAMES, type TraceHeaders } from "../../../lib/trace-context.ts";

/** Each of them is there whenever its kind of context is. */
const TELLTALES = ["traceparent", "b3", "x-b3-traceid"] as const;

/** What a call's metadata say of a trace; undefined when they name none. */
export function traceOf(metadata: Metadata): TraceHeaders | undefined {
	if (!TELLTALES.some((name) => metadata.get(name).length > 0)) return undefined;
	let found: TraceHeaders | undefined;
	for (const name of TRACE_NAMES) {
		for (const value of metadata.get(name)) found = noteTraceField(found, name, String(value));
	}
	return found;
}
