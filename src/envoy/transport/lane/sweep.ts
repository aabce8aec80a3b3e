import { Buffer } from "node:buffer";
import { spend } from "./budget.ts";
import { announceFarewell, confirmFarewell, failConnection, overLimit } from "./closing.ts";
import { cutConnection } from "./connection.ts";
import { ERROR } from "./error-codes.ts";
import { endWatches } from "./health-calls.ts";
import { writePing, writeReset } from "./output.ts";
import type { Connection, Lane, Stream } from "./state.ts";
import { forgetStream } from "./streams.ts";
import { beginTurn, finishTurn } from "./turn.ts";

const KEEPALIVE_PING = Buffer.from("postern?", "latin1");
/** How long a peer may take to read our end, and to answer the PING behind the first GOAWAY. */
const LINGER_MS = 1000;

/** How often every connection is looked at: a tenth of the shortest time that is to be kept, within bounds. */
export function sweepInterval({ options, limits }: Lane): number {
	const shortest = Math.min(
		options.maxConnectionAgeMs,
		options.maxConnectionAgeGraceMs,
		options.maxConnectionIdleMs,
		options.keepaliveMs,
		options.keepaliveTimeoutMs,
		limits.stallMs,
		LINGER_MS,
	);
	return Math.max(10, Math.min(500, shortest / 10));
}

/** Keeps every time limit of every connection. */
export function sweep(lane: Lane): void {
	for (const c of lane.connections) {
		beginTurn(c);
		sweepConnection(c);
		finishTurn(c);
	}
}

function sweepConnection(c: Connection): void {
	const { now, lane } = c;
	const { limits, options } = lane;
	if (c.farewell === "closed") {
		if (now - c.farewellAt > LINGER_MS) c.socket.destroy();
		return;
	}
	// What was written in part, and left, is told by no event.
	if (c.socket.writableLength === 0) c.writeSince = 0;
	const late = stalled(c, limits.stallMs);
	if (late !== undefined) {
		failConnection(c, overLimit("lane.stall_seconds", late));
		// Whoever reads nothing reads no GOAWAY.
		if (c.writeSince !== 0) c.socket.destroy();
		return;
	}
	for (const stream of c.streams.all()) {
		if (isStalled(stream, now, limits.stallMs)) cancelStream(c, stream);
	}
	keepAlive(c);
	const idle = c.streams.size === 0 && now - c.idleSince > options.maxConnectionIdleMs;
	if (idle || now - c.openedAt > c.maxAgeMs) announceFarewell(c);
	if (c.farewell === "announced" && now - c.farewellAt > LINGER_MS) confirmFarewell(c);
	if (c.farewell === "final" && now - c.farewellAt > options.maxConnectionAgeGraceMs) {
		endCalls(c);
		finishTurn(c);
		cutConnection(c);
	}
}

/** What of the connection itself takes too long; undefined when nothing does. */
function stalled(c: Connection, stallMs: number): string | undefined {
	const since = (at: number): boolean => at !== 0 && c.now - at > stallMs;
	if (!c.settingsSeen && since(c.openedAt)) return "no preface";
	if (c.blockStream !== 0 && since(c.blockSince)) return "a header block that does not end";
	if (since(c.frameSince)) return "a frame that does not end";
	if (since(c.writeSince)) return "a peer that does not read";
	return undefined;
}

/** A request that does not end, or an answer whose window does not open. */
function isStalled({ incompleteSince, outgoing }: Stream, now: number, stallMs: number): boolean {
	if (incompleteSince !== 0 && now - incompleteSince > stallMs) return true;
	return outgoing !== undefined && outgoing.octets > 0 && now - outgoing.since > stallMs;
}

function cancelStream(c: Connection, stream: Stream): void {
	c.lane.deps.metrics.limitsHit.inc({ limit: "lane.stall_seconds" });
	spend(c.resets, 1, c.now);
	writeReset(c, stream.id, ERROR.CANCEL);
	forgetStream(c, stream, true);
}

/** Asks a quiet peer whether it still lives. */
function keepAlive(c: Connection): void {
	const { keepaliveMs, keepaliveTimeoutMs } = c.lane.options;
	if (c.pingAt !== 0 && c.lastReadAt >= c.pingAt) c.pingAt = 0;
	if (c.pingAt !== 0) {
		if (c.now - c.pingAt > keepaliveTimeoutMs) cutConnection(c);
	} else if (c.now - c.lastReadAt > keepaliveMs) {
		c.pingAt = c.now;
		writePing(c, 0, KEEPALIVE_PING);
	}
}

/** Ends every call that is still open with an error status. */
export function endCalls(c: Connection): void {
	endWatches(c);
	for (const stream of c.streams.all()) stream.process?.fail("unavailable");
}
