import type { RequestHead } from "./request-head.ts";
import type { Connection, Stream } from "./state.ts";

/** Opens the stream that a request's header block has begun. */
export function openStream(
	c: Connection,
	id: number,
	ended: boolean,
	head: RequestHead,
	timeoutMs: number,
): Stream {
	const { clock } = c.lane;
	const stream: Stream = {
		id,
		connection: c,
		route: head.route,
		deadlineMs: timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : clock.now() + timeoutMs,
		timeoutMs,
		waitedMs: c.waitedMs,
		readAt: c.now,
		ended,
		answered: false,
		gone: false,
		headSent: false,
		contentLength: head.contentLength,
		trace: head.trace,
		received: 0,
		window: undefined,
		sendWindow: c.initialWindow,
		reader: undefined,
		message: undefined,
		incompleteSince: 0,
		held: 0,
		outgoing: undefined,
		busy: 0,
		process: undefined,
	};
	c.streams.add(stream);
	c.active++;
	c.lastServed = id;
	return stream;
}

/** Takes a stream away, however it ended. Work that goes on for it counts against the peer's streams until it is done. */
export function forgetStream(c: Connection, stream: Stream, resetByUs: boolean): void {
	if (stream.gone) return;
	stream.gone = true;
	stream.answered = true;
	c.streams.delete(stream.id);
	noteEnded(c, stream.id, resetByUs);
	if (stream.held > 0) release(c, stream, stream.held);
	if (stream.outgoing !== undefined) {
		stream.outgoing = undefined;
		const at = c.waiting.indexOf(stream);
		if (at >= 0) c.waiting.splice(at, 1);
	}
	stream.reader = undefined;
	stream.message = undefined;
	if (stream.busy === 0) c.active--;
	c.idleSince = c.now;
	stream.process?.over();
	c.lane.watchers.delete(stream);
}

/** One step less is worked on; true when nobody waits for its outcome any more. */
export function stepDone(stream: Stream): boolean {
	stream.busy--;
	if (!stream.gone) return false;
	if (stream.busy === 0) stream.connection.active--;
	return true;
}

/** Notes a stream that is no more, so that what still comes for it can be told from what must not come. */
export function noteEnded(c: Connection, id: number, resetByUs: boolean): void {
	c.endedStreams[c.endedNext] = resetByUs ? -id : id;
	c.endedNext = (c.endedNext + 1) % c.endedStreams.length;
}

/**
 * How a stream that is no more has ended: `reset` by us (what the peer sent before it knew is passed over, RFC 9113,
 * section 5.1), `ended` by both sides or reset by the peer, `unknown` when that was long ago or it never was open.
 */
export function endingOf(c: Connection, id: number): "reset" | "ended" | "unknown" {
	if (c.endedStreams.includes(-id)) return "reset";
	return c.endedStreams.includes(id) ? "ended" : "unknown";
}

/** Counts octets that are kept for a stream. */
export function hold(c: Connection, stream: Stream, octets: number): void {
	stream.held += octets;
	c.held += octets;
	c.lane.held += octets;
}

export function release(c: Connection, stream: Stream, octets: number): void {
	stream.held -= octets;
	c.held -= octets;
	c.lane.held -= octets;
}
