/**
 * Tells how long a call may have waited before anybody looked at it. Nothing tells when bytes came into the kernel; but a
 * loop that had to wait for them took them at once, and one that was busy found what had come since it looked last.
 */
export interface QueueClock {
	/** Milliseconds that what is read now has waited at most; asked for when bytes are handed over. */
	waited(): number;
}

/** A loop that reads again so soon was busy in between. Milliseconds. */
const BUSY_MS = 1;

/** `afterReads` calls back when the loop has handled what it has read. */
export function createQueueClock(
	monotonic: () => number,
	afterReads: (done: () => void) => void = setImmediate,
): QueueClock {
	let reading = false;
	let since = Number.NEGATIVE_INFINITY;
	let begunAt = Number.NEGATIVE_INFINITY;
	let endedAt = Number.NEGATIVE_INFINITY;
	return {
		waited() {
			const now = monotonic();
			if (!reading) {
				reading = true;
				since = now - endedAt < BUSY_MS ? begunAt : now;
				begunAt = now;
				afterReads(() => {
					reading = false;
					endedAt = monotonic();
				});
			}
			return now - since;
		},
	};
}
