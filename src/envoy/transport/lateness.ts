/**
 * Part of a caller's patience after which work for it is not begun any more: the answer needs its time, too, and an
 * early refusal is worth more than an answer that nobody waits for.
 */
const USEFUL_SHARE = 0.7;
/** The same while there is more work than time for it: then whoever is refused shall know it at once. */
const CROWDED_SHARE = 0.2;
/** Waits that are too long for so long are no hiccup. Milliseconds. */
const CROWDED_AFTER_MS = 300;
/** How long that is believed after the last of them. Milliseconds. */
const CROWDED_FOR_MS = 2000;

/** Tells whether a call that came with `timeoutMs`, and has waited for `waitedMs`, is to be refused as too late. */
export type Lateness = (timeoutMs: number, waitedMs: number, now: number) => boolean;

/**
 * A short stall (a collection of garbage, a busy machine) makes some calls wait, and all of them can still be answered.
 * Under a load that is too high a queue stays, and every call would wait for as long as is borne at all: then the
 * shorter share counts until the queue is gone, as in RFC 8289, which drops by how long a queue has been standing.
 */
export function createLateness(): Lateness {
	let waitingSince = Number.POSITIVE_INFINITY;
	let crowdedUntil = Number.NEGATIVE_INFINITY;
	return (timeoutMs, waitedMs, now) => {
		if (!(waitedMs > timeoutMs * CROWDED_SHARE)) {
			waitingSince = Number.POSITIVE_INFINITY;
			return false;
		}
		waitingSince = Math.min(waitingSince, now);
		if (now - waitingSince > CROWDED_AFTER_MS || now < crowdedUntil) crowdedUntil = now + CROWDED_FOR_MS;
		return now < crowdedUntil || waitedMs > timeoutMs * USEFUL_SHARE;
	};
}
