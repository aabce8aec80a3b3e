import { Buffer } from "node:buffer";
import { ConnectionError, ERROR, type ErrorName } from "./error-codes.ts";
import { MAX_WINDOW } from "./flow-window.ts";
import { writeGoaway, writeOut, writePing } from "./output.ts";
import type { Connection, Lane } from "./state.ts";
import { forgetStream } from "./streams.ts";

/** Payload of the PING behind the first GOAWAY. */
export const FAREWELL_PING: Buffer = Buffer.from("farewell", "latin1");

/**
 * Asks the peer to open no more streams, in two steps (RFC 9113, section 6.8): what it began before it heard of that is
 * still served, so no call fails.
 */
export function announceFarewell(c: Connection): void {
	if (c.farewell !== "none") return;
	writeGoaway(c, MAX_WINDOW, ERROR.NO_ERROR);
	writePing(c, 0, FAREWELL_PING);
	c.farewell = "announced";
	c.farewellAt = c.now;
}

/** The second step: the peer has read the first, or had time to. */
export function confirmFarewell(c: Connection): void {
	if (c.farewell !== "announced") return;
	writeGoaway(c, c.lastServed, ERROR.NO_ERROR);
	c.farewell = "final";
}

/** Ends a connection whose peer has broken a rule or a limit. */
export function failConnection(c: Connection, error: ConnectionError): void {
	if (c.farewell === "closed") return;
	const { metrics, log } = c.lane.deps;
	metrics.laneErrors.inc({ code: error.code });
	if (error.limit !== undefined) metrics.limitsHit.inc({ limit: error.limit });
	log.info({ code: error.code, why: error.message, limit: error.limit }, "a gRPC connection was ended");
	writeGoaway(c, c.lastServed, ERROR[error.code]);
	closeConnection(c);
}

/** Writes what is left and ends our side; streams that are still open end without an answer. */
export function closeConnection(c: Connection): void {
	if (c.farewell === "closed") return;
	c.farewell = "closed";
	c.farewellAt = c.lane.clock.monotonic();
	c.rest = undefined;
	for (const stream of c.streams.all()) forgetStream(c, stream, true);
	writeOut(c);
	c.socket.end();
	// What still comes is read and thrown away: with unread bytes in it a closed socket would reset the connection, and
	// the peer would never see why.
	c.socket.resume();
}

/** An error of the peer that a limit answers. */
export function overLimit(
	limit: string,
	message: string,
	code: ErrorName = "ENHANCE_YOUR_CALM",
): ConnectionError {
	return new ConnectionError(code, message, limit);
}

/** Memory for messages is shared; when it runs out, the connection that holds most of it has to go. */
export function keepWithinMemory(lane: Lane): void {
	while (lane.held > lane.limits.maxBufferedBytes) {
		let most: Connection | undefined;
		for (const each of lane.connections) {
			if (each.farewell !== "closed" && each.held > (most?.held ?? 0)) most = each;
		}
		if (most === undefined) return;
		failConnection(most, overLimit("lane.max_buffered_bytes", `${most.held} octets of unfinished messages`));
	}
}
