import type { FailureCode } from "../ext-proc/process-stream.ts";
import type { TransportDeps } from "./types.ts";

/** One `Process` call that is under way. */
export interface ProcessCall {
	/** Ends the call with an error status, whatever state it is in. */
	fail(code: FailureCode): void;
}

/** Calls under way over every transport of the process, and the one limit on them. */
export interface InFlight {
	/** Checks that were begun and not answered; whoever begins one counts it. */
	checks: number;
	readonly streams: Iterable<ProcessCall>;
	/** Checks and streams together. */
	total(): number;
	/** Whether one more is one too many; counts and logs that it was refused. */
	refuses(kind: "check" | "process"): boolean;
	opened(call: ProcessCall): void;
	ended(call: ProcessCall): void;
}

export function createInFlight(
	maxInFlight: number,
	{ log, metrics }: Pick<TransportDeps, "log" | "metrics">,
): InFlight {
	const streams = new Set<ProcessCall>();
	const calls: InFlight = {
		checks: 0,
		streams,
		total: () => calls.checks + streams.size,
		refuses(kind) {
			if (calls.checks + streams.size < maxInFlight) return false;
			metrics.limitsHit.inc({ limit: "max_in_flight" });
			log.warn({ kind, limit: maxInFlight }, "refused: too many calls in flight");
			return true;
		},
		opened(call) {
			streams.add(call);
			metrics.streams.set(streams.size);
		},
		ended(call) {
			streams.delete(call);
			metrics.streams.set(streams.size);
		},
	};
	return calls;
}
