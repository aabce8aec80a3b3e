import { Buffer } from "node:buffer";
import { randomInt } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { createBudget } from "./budget.ts";
import { closeConnection, failConnection, overLimit } from "./closing.ts";
import { ConnectionError } from "./error-codes.ts";
import { createReceiveWindow } from "./flow-window.ts";
import { createFrameIntake, isInsideFrame, takeFrames } from "./frame-intake.ts";
import { PREFACE, SETTINGS, writeUint32 } from "./frame-types.ts";
import { onFrame } from "./frames.ts";
import { createHpackDecoder } from "./hpack/decoder.ts";
import { CONNECTION_WINDOW, HPACK_TABLE_BYTES, STREAM_WINDOW } from "./limits.ts";
import { NO_BYTES, openFrame, writeWindowUpdate } from "./output.ts";
import {
	SETTING_BYTES,
	SETTINGS_INITIAL_WINDOW_SIZE,
	SETTINGS_MAX_CONCURRENT_STREAMS,
	SETTINGS_MAX_HEADER_LIST_SIZE,
} from "./peer-settings.ts";
import { readInto } from "./read-into.ts";
import { createRequestHead, takeField } from "./request-head.ts";
import type { Connection, Lane } from "./state.ts";
import { createStreamTable } from "./stream-table.ts";
import { forgetStream } from "./streams.ts";
import { beginTurn, finishTurn } from "./turn.ts";

/** Every window before SETTINGS and WINDOW_UPDATE (RFC 9113, section 6.9.2). */
const DEFAULT_WINDOW = 65_535;
const ENDED_STREAMS = 128;
/** Headers over the limit end their call; over so many times the limit they end the connection. */
const BOMB_FACTOR = 4;
/** Ages are spread by a tenth to either side, so that connections which began together do not end so. */
const SPREAD = 1000;

/** Takes a socket that somebody has opened, and serves it. */
export function openConnection(lane: Lane, accepted: Socket): Connection {
	const now = lane.clock.monotonic();
	const { limits, options } = lane;
	const head = createRequestHead();
	const socket =
		accepted instanceof TLSSocket
			? accepted.on("data", (bytes) => onBytes(c, bytes))
			: readInto(accepted, lane.readBuffer, (bytes) => onBytes(c, bytes));
	const c: Connection = {
		lane,
		socket,
		now,
		waitedMs: 0,
		inTurn: false,
		openedAt: now,
		maxAgeMs: options.maxConnectionAgeMs * (0.9 + (0.2 * randomInt(SPREAD)) / SPREAD),
		farewell: "none",
		farewellAt: 0,
		readEnded: false,
		prefaceFill: 0,
		settingsSeen: false,
		intake: createFrameIntake(),
		frameSince: 0,
		rest: undefined,
		lastReadAt: now,
		pingAt: 0,
		decoder: createHpackDecoder(HPACK_TABLE_BYTES),
		head,
		take: (field) => {
			takeField(head, field);
			// A block may refer to one large entry thousands of times; who does so is not to be worked for any further.
			if (head.size > limits.maxHeaderBytes * BOMB_FACTOR)
				throw overLimit("lane.max_header_bytes", "headers many times over the limit");
		},
		blockStream: 0,
		blockEndsStream: false,
		block: NO_BYTES,
		blockFill: 0,
		blockFrames: 0,
		blockSince: 0,
		streams: createStreamTable(),
		active: 0,
		highest: 0,
		lastServed: 0,
		idleSince: now,
		endedStreams: new Int32Array(ENDED_STREAMS),
		endedNext: 0,
		window: createReceiveWindow(CONNECTION_WINDOW),
		sendWindow: DEFAULT_WINDOW,
		initialWindow: DEFAULT_WINDOW,
		waiting: [],
		held: 0,
		out: NO_BYTES,
		outFill: 0,
		firstBlock: true,
		blocked: false,
		onWritten:
			socket instanceof TLSSocket
				? () => {
						c.writeSince = socket.writableLength === 0 ? 0 : lane.clock.monotonic();
					}
				: undefined,
		writeSince: 0,
		controls: createBudget(limits.maxControlFramesPerSecond, now),
		resets: createBudget(limits.maxResetsPerSecond, now),
	};
	lane.connections.add(c);
	lane.deps.metrics.laneConnections.set(lane.connections.size);
	socket.setNoDelay(true);
	socket.on("drain", () => resume(c));
	socket.on("end", () => onReadEnd(c));
	// The end of a connection, whoever brings it about, is told by `close`.
	socket.on("error", () => {});
	socket.on("close", () => forgetConnection(c));
	greet(c);
	return c;
}

/** Our preface: what we bear, and a connection window wider than the default (section 3.4). */
function greet(c: Connection): void {
	const { limits, options } = c.lane;
	const settings = [
		[SETTINGS_MAX_CONCURRENT_STREAMS, options.maxConcurrentStreams],
		[SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW],
		[SETTINGS_MAX_HEADER_LIST_SIZE, limits.maxHeaderBytes],
	] as const;
	beginTurn(c);
	let at = openFrame(c, settings.length * SETTING_BYTES, SETTINGS, 0, 0);
	for (const [setting, value] of settings) {
		c.out[at] = 0;
		c.out[at + 1] = setting;
		writeUint32(c.out, at + 2, value);
		at += SETTING_BYTES;
	}
	writeWindowUpdate(c, 0, CONNECTION_WINDOW - DEFAULT_WINDOW);
	finishTurn(c);
}

function onBytes(c: Connection, bytes: Buffer): void {
	c.lastReadAt = c.lane.clock.monotonic();
	c.waitedMs = c.lane.queue.waited();
	work(c, bytes);
}

/** One turn: takes the frames of a chunk, and writes what they ask for. */
function work(c: Connection, chunk: Buffer): void {
	if (isClosed(c)) return;
	beginTurn(c);
	try {
		const start = c.prefaceFill < PREFACE.length ? takePreface(c, chunk) : 0;
		const end = start < chunk.length ? takeFrames(c.intake, chunk, start, c, onFrame) : start;
		if (end < chunk.length && c.blocked) c.rest = Buffer.from(chunk.subarray(end));
		if (c.frameSince === 0 && isInsideFrame(c.intake)) c.frameSince = c.now;
	} catch (thrown) {
		failConnection(c, toConnectionError(c, thrown));
	}
	finishTurn(c);
	if (c.blocked && !isClosed(c)) c.socket.pause();
}

function isClosed(c: Connection): boolean {
	return c.farewell === "closed";
}

/** RFC 9113, section 3.4. */
function takePreface(c: Connection, chunk: Buffer): number {
	const count = Math.min(PREFACE.length - c.prefaceFill, chunk.length);
	if (chunk.toString("latin1", 0, count) !== PREFACE.slice(c.prefaceFill, c.prefaceFill + count))
		throw new ConnectionError("PROTOCOL_ERROR", "no HTTP/2 preface");
	c.prefaceFill += count;
	return count;
}

/** A mistake of ours ends the connection it happened on, and no other. */
function toConnectionError(c: Connection, thrown: unknown): ConnectionError {
	if (thrown instanceof ConnectionError) return thrown;
	c.lane.deps.log.error({ err: thrown }, "a gRPC connection failed unexpectedly");
	return new ConnectionError("INTERNAL_ERROR", "unexpected");
}

/** The socket has taken everything. */
function resume(c: Connection): void {
	c.writeSince = 0;
	if (!c.blocked || isClosed(c)) return;
	c.blocked = false;
	beginTurn(c);
	finishTurn(c);
	const { rest } = c;
	c.rest = undefined;
	if (c.blocked) c.rest = rest;
	else if (rest !== undefined) work(c, rest);
	if (!c.blocked) c.socket.resume();
}

/** The peer sends nothing more: what it has not finished will never be, what it has is still answered. */
function onReadEnd(c: Connection): void {
	c.readEnded = true;
	if (c.farewell === "closed") return;
	beginTurn(c);
	for (const stream of c.streams.all()) if (!stream.ended) forgetStream(c, stream, false);
	finishTurn(c);
}

function forgetConnection(c: Connection): void {
	c.farewell = "closed";
	c.now = c.lane.clock.monotonic();
	for (const stream of c.streams.all()) forgetStream(c, stream, false);
	c.lane.connections.delete(c);
	c.lane.deps.metrics.laneConnections.set(c.lane.connections.size);
}

/** Ends a connection at once. */
export function cutConnection(c: Connection): void {
	closeConnection(c);
	c.socket.destroy();
}
