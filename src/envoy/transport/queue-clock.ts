import { loopIdleTime } from "../../lib/clock.ts";

/**
 * Tells how long a call may have waited before anybody looked at it. Nothing tells when bytes came into the kernel; but a
 * loop that had to wait for them took them at once, and one that was busy found what had come since it looked last.
 */
export interface QueueClock {
	/** Milliseconds that what is read now has waited at most; asked for when bytes are handed over. */
	waited(): number;
}

/** Idle time below which a loop counts as busy: what the measure itself takes. Milliseconds. */
const BUSY_MS = 0.2;

export interface QueueClockSources {
	readonly monotonic: () => number;
	/** Milliseconds that the loop has waited for events so far. */
	readonly idle: () => number;
	/** Calls back when the loop has handled what it has read. */
	readonly afterReads: (done: () => void) => void;
}

export function createQueueClock(
	monotonic: () => number,
	{ idle = loopIdleTime, afterReads = setImmediate }: Partial<Omit<QueueClockSources, "monotonic">> = {},
): QueueClock {
	let reading = false;
	let since = Number.NEGATIVE_INFINITY;
	let lastReadAt = Number.NEGATIVE_INFINITY;
	let lastIdle = 0;
	return {
		waited() {
			const now = monotonic();
			if (!reading) {
				reading = true;
				const idleNow = idle();
				since = idleNow - lastIdle < BUSY_MS && lastReadAt > 0 ? lastReadAt : now;
				lastReadAt = now;
				lastIdle = idleNow;
				afterReads(() => {
					reading = false;
				});
			}
			return now - since;
		},
	};
}

/**
 * Part of a caller's patience after which work for it is not begun any more: the answer needs its time, too, and an
 * early refusal is worth more than an answer that nobody waits for.
 */
const USEFUL_SHARE = 0.7;

/** Whether a call that came with `timeoutMs` and has waited for `waitedMs` would be answered too late. */
export function isTooLate(timeoutMs: number, waitedMs: number): boolean {
	return waitedMs > timeoutMs * USEFUL_SHARE;
}
