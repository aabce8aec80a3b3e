/** The one place that reads time. Everything else is handed a `Clock`. */
export interface Clock {
	/** Wall clock, milliseconds since 1970-01-01T00:00:00Z. */
	now(): number;
	/** Monotonic clock, milliseconds from an arbitrary start; never goes back. */
	monotonic(): number;
}

export const systemClock: Clock = {
	now: () => Date.now(),
	monotonic: () => performance.now(),
};
