import type { ReleaseRecord } from "../../audit/types.ts";
import { noteTraceField, type TraceHeaders } from "../../lib/trace-context.ts";
import type { Logger } from "../../telemetry/types.ts";
import { callTrace, type TraceNames, traceNames } from "../call-trace.ts";
import type { ProcessDeps } from "./deps.ts";
import type { ProcessingRequest } from "./messages.ts";
import { processSpan, type ReleaseNotes, type StreamEnd } from "./process-span.ts";

/** One stream within its caller's trace. */
export interface StreamTrace {
	/** The stream's own: its records and log lines name the trace. */
	readonly deps: ProcessDeps;
	/** The stream is over; the first call counts. */
	end(how: StreamEnd): void;
}

/** Undefined where neither the metadata nor the first message names a trace. */
export function streamTrace(
	deps: ProcessDeps,
	metadata: TraceHeaders | undefined,
	first: ProcessingRequest,
): StreamTrace | undefined {
	const trace = callTrace(deps.spans, metadata, requestTrace(first));
	if (trace === undefined) return undefined;
	const { sink } = trace;
	const { clock } = deps;
	const names = traceNames(trace);
	const started = clock.monotonic();
	const notes: ReleaseNotes = {
		decisionId: undefined,
		revision: undefined,
		request: undefined,
		response: undefined,
	};
	let over = false;
	return {
		deps: {
			...deps,
			audit: {
				...deps.audit,
				write(record) {
					if (record.type === "release") note(notes, record);
					return deps.audit.write({ ...record, ...names });
				},
			},
			log: named(deps.log, names),
		},
		end(how) {
			if (over) return;
			over = true;
			sink?.record(processSpan(trace, notes, how, clock.now(), clock.monotonic() - started));
		},
	};
}

function requestTrace({ phase, headers }: ProcessingRequest): TraceHeaders | undefined {
	if (phase !== "request_headers") return undefined;
	let found: TraceHeaders | undefined;
	for (const { name, value } of headers) found = noteTraceField(found, name, value);
	return found;
}

function note(notes: ReleaseNotes, record: ReleaseRecord): void {
	notes[record.direction] = record;
	notes.decisionId = record.decision_id ?? notes.decisionId;
	notes.revision = record.policy?.revision ?? notes.revision;
}

function named(log: Logger, names: TraceNames): Logger {
	return {
		debug: (fields, message) => log.debug({ ...fields, ...names }, message),
		info: (fields, message) => log.info({ ...fields, ...names }, message),
		warn: (fields, message) => log.warn({ ...fields, ...names }, message),
		error: (fields, message) => log.error({ ...fields, ...names }, message),
	};
}
