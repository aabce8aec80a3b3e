import { systemClock } from "../../lib/clock.ts";
import type { FailureCode } from "../ext-proc/process-stream.ts";
import { createLateness } from "./lateness.ts";
import type { TransportDeps } from "./types.ts";

const LOG_EVERY_MS = 1000;

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
	/** Whether a Check would be answered too late to be of use; counts and logs that it was refused. */
	refusesLate(timeoutMs: number, waitedMs: number): boolean;
	opened(call: ProcessCall): void;
	ended(call: ProcessCall): void;
}

export function createInFlight(
	maxInFlight: number,
	{ log, metrics, clock = systemClock }: Pick<TransportDeps, "log" | "metrics" | "clock">,
): InFlight {
	const { monotonic } = clock;
	const isTooLate = createLateness();
	let late = 0;
	let refused = 0;
	let toldAt = Number.NEGATIVE_INFINITY;
	let refusedAt = Number.NEGATIVE_INFINITY;
	const streams = new Set<ProcessCall>();
	const calls: InFlight = {
		checks: 0,
		streams,
		total: () => calls.checks + streams.size,
		refuses(kind) {
			if (calls.checks + streams.size < maxInFlight) return false;
			metrics.limitsHit.inc({ limit: "max_in_flight" });
			refused++;
			const now = monotonic();
			// A line for each would be one more load.
			if (now - refusedAt > LOG_EVERY_MS) {
				log.warn({ kind, limit: maxInFlight, count: refused }, "refused: too many calls in flight");
				refusedAt = now;
				refused = 0;
			}
			return true;
		},
		refusesLate(timeoutMs, waitedMs) {
			const now = monotonic();
			if (!isTooLate(timeoutMs, waitedMs, now)) return false;
			metrics.limitsHit.inc({ limit: "check_deadline" });
			late++;
			if (now - toldAt > LOG_EVERY_MS) {
				log.warn(
					{ waited_ms: Math.round(waitedMs), timeout_ms: timeoutMs, count: late },
					"refused: too late",
				);
				toldAt = now;
				late = 0;
			}
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
