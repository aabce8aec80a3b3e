import type { Metadata } from "@grpc/grpc-js";
import {
	noteTraceField,
	TRACE_NAMES,
	type TraceFieldName,
	type TraceHeaders,
} from "../../../lib/trace-context.ts";

/** What a call's metadata say of a trace; undefined when they name none, in any of the three ways. */
export function traceOf(metadata: Metadata): TraceHeaders | undefined {
	if (!has(metadata, "traceparent") && !has(metadata, "b3") && !has(metadata, "x-b3-traceid"))
		return undefined;
	let found: TraceHeaders | undefined;
	for (const name of TRACE_NAMES) {
		for (const value of metadata.get(name)) found = noteTraceField(found, name, String(value));
	}
	return found;
}

function has(metadata: Metadata, name: TraceFieldName): boolean {
	return metadata.get(name).length > 0;
}
