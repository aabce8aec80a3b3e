import type { Clock } from "../../lib/clock.ts";

const FIRST_MS = 250;
const LONGEST_MS = 10_000;
/** A process that has lived so long is no longer the one that cannot start. */
const STEADY_MS = 30_000;

/** How long to wait before a process is started again. */
export interface BackOff {
	/** It has begun to work. */
	worked(): void;
	/** It has ended: milliseconds to wait. The first time none, then twice as long each time. */
	next(): number;
}

export function createBackOff(clock: Pick<Clock, "monotonic">): BackOff {
	let ends = 0;
	let since: number | undefined;
	return {
		worked() {
			since = clock.monotonic();
		},
		next() {
			if (since !== undefined && clock.monotonic() - since >= STEADY_MS) ends = 0;
			since = undefined;
			const wait = ends === 0 ? 0 : Math.min(FIRST_MS * 2 ** (ends - 1), LONGEST_MS);
			ends++;
			return wait;
		},
	};
}
