/** RFC 9113, section 6.9.1: no window is larger. */
export const MAX_WINDOW = 0x7fffffff;

/** What the peer may send, on a stream or on the connection. */
export interface ReceiveWindow {
	readonly size: number;
	/** Octets that may still come. */
	left: number;
	/** Octets that were taken and not given back. */
	taken: number;
}

export function createReceiveWindow(size: number): ReceiveWindow {
	return { size, left: size, taken: 0 };
}

/** Counts what has come; false when it was more than allowed. */
export function receiveOctets(window: ReceiveWindow, octets: number): boolean {
	window.left -= octets;
	window.taken += octets;
	return window.left >= 0;
}

/** The increment to tell the peer now: everything taken, once it is half of the window; else 0. */
export function incrementDue(window: ReceiveWindow): number {
	const { taken } = window;
	if (taken * 2 < window.size) return 0;
	window.left += taken;
	window.taken = 0;
	return taken;
}

/** A window for sending after an increment; undefined when it would be larger than any may be. */
export function widened(window: number, increment: number): number | undefined {
	const wide = window + increment;
	return wide > MAX_WINDOW ? undefined : wide;
}
