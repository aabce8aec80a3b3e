import type { Clock } from "../../src/lib/clock.ts";

/** A clock that stands still until it is moved. */
export interface ManualClock extends Clock {
	/** Moves both clocks on. */
	advance(ms: number): void;
}

export function createManualClock(startMs = Date.now()): ManualClock {
	let wall = startMs;
	let steady = 1000;
	return {
		now: () => wall,
		monotonic: () => steady,
		advance(ms) {
			wall += ms;
			steady += ms;
		},
	};
}
