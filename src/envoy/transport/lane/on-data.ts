import { Buffer } from "node:buffer";
import { STATUS } from "../failure-status.ts";
import { keepWithinMemory } from "./closing.ts";
import { ConnectionError } from "./error-codes.ts";
import { createReceiveWindow, incrementDue, receiveOctets } from "./flow-window.ts";
import { FLAG_END_STREAM, FLAG_PADDED } from "./frame-types.ts";
import { STREAM_WINDOW } from "./limits.ts";
import { createMessageReader, isInsideMessage, type MessageReader, readMessage } from "./message-reader.ts";
import { writeWindowUpdate } from "./output.ts";
import { completeCall, endOfRequest } from "./requests.ts";
import { refuseStream, resetStream, spendControl } from "./resets.ts";
import { endWithError } from "./send.ts";
import type { Connection, Stream } from "./state.ts";
import { endingOf, hold, release } from "./streams.ts";

const PREFIX_BYTES = 5;

/** DATA (RFC 9113, section 6.1). @throws ConnectionError */
export function onData(
	c: Connection,
	bytes: Buffer,
	start: number,
	length: number,
	flags: number,
	id: number,
): void {
	if (id === 0) throw new ConnectionError("PROTOCOL_ERROR", "DATA on no stream");
	let from = start;
	let to = start + length;
	if ((flags & FLAG_PADDED) !== 0) {
		if (length < 1) throw new ConnectionError("FRAME_SIZE_ERROR", "DATA without the length of its padding");
		const padding = bytes[from++] as number;
		to -= padding;
		if (to < from) throw new ConnectionError("PROTOCOL_ERROR", "padding longer than its frame");
	}
	// The whole frame counts, padding and all, and on the connection even when its stream is no more (section 6.9).
	if (!receiveOctets(c.window, length))
		throw new ConnectionError("FLOW_CONTROL_ERROR", "more than the connection's window");
	const increment = incrementDue(c.window);
	if (increment > 0) writeWindowUpdate(c, 0, increment);
	const ends = (flags & FLAG_END_STREAM) !== 0;
	// Frames that carry nothing cost nothing to send (CVE-2019-9518).
	if (from === to && !ends) spendControl(c);
	const stream = c.streams.get(id);
	if (stream === undefined) onLateData(c, id);
	else onStreamData(c, stream, bytes, from, to, length, ends);
}

/** DATA on a stream that is no more. */
function onLateData(c: Connection, id: number): void {
	if (id > c.highest) throw new ConnectionError("PROTOCOL_ERROR", "DATA on a stream that was not opened");
	if (c.farewell === "final" && id > c.lastServed) return;
	switch (endingOf(c, id)) {
		case "reset":
			// It left before our reset came.
			break;
		case "ended":
			throw new ConnectionError("STREAM_CLOSED", "DATA on a stream that has ended");
		case "unknown":
			refuseStream(c, id, "STREAM_CLOSED");
			break;
	}
}

function onStreamData(
	c: Connection,
	stream: Stream,
	bytes: Buffer,
	from: number,
	to: number,
	octets: number,
	ends: boolean,
): void {
	if (stream.ended) throw new ConnectionError("STREAM_CLOSED", "DATA behind the end of a stream");
	stream.received += to - from;
	const { contentLength, received } = stream;
	// RFC 9113, section 8.1.1.
	if (contentLength >= 0 && (received > contentLength || (ends && received !== contentLength))) {
		resetStream(c, stream, "PROTOCOL_ERROR");
		return;
	}
	countOnStream(c, stream, octets, ends);
	if (ends) stream.ended = true;
	if (stream.answered) return;
	if (ends && isWholeMessage(c, stream, bytes, from, to)) {
		completeCall(c, stream, bytes.subarray(from + PREFIX_BYTES, to));
		return;
	}
	takeMessages(c, stream, bytes, from, to);
	if (ends && !stream.answered) endOfRequest(c, stream);
}

function countOnStream(c: Connection, stream: Stream, octets: number, ends: boolean): void {
	if (stream.window === undefined) {
		if (ends && octets <= STREAM_WINDOW) return;
		stream.window = createReceiveWindow(STREAM_WINDOW);
	}
	if (!receiveOctets(stream.window, octets))
		throw new ConnectionError("FLOW_CONTROL_ERROR", "more than the stream's window");
	if (ends) return;
	const increment = incrementDue(stream.window);
	if (increment > 0) writeWindowUpdate(c, stream.id, increment);
}

/** What nearly every Check is: one uncompressed message that fills its one DATA frame. */
function isWholeMessage(c: Connection, stream: Stream, bytes: Buffer, from: number, to: number): boolean {
	const length = to - from - PREFIX_BYTES;
	return (
		length >= 0 &&
		bytes[from] === 0 &&
		bytes.readUInt32BE(from + 1) === length &&
		stream.reader === undefined &&
		stream.process === undefined &&
		length <= c.lane.options.maxMessageBytes
	);
}

function takeMessages(c: Connection, stream: Stream, bytes: Buffer, from: number, to: number): void {
	stream.reader ??= createMessageReader();
	const { reader } = stream;
	reader.pos = from;
	while (!stream.answered) {
		const before = reader.held?.length ?? 0;
		const reading = readMessage(reader, bytes, to, c.lane.options.maxMessageBytes);
		account(c, stream, (reader.held?.length ?? 0) - before);
		if (reading === "message") takeMessage(c, stream, reader);
		else {
			if (reading !== "more") refuseMessage(c, stream, reading);
			break;
		}
	}
	if (stream.process !== undefined && !stream.gone) {
		if (!isInsideMessage(reader)) stream.incompleteSince = 0;
		else if (stream.incompleteSince === 0) stream.incompleteSince = c.now;
	}
	keepWithinMemory(c.lane);
}

function account(c: Connection, stream: Stream, change: number): void {
	if (change > 0) hold(c, stream, change);
	else if (change < 0) release(c, stream, -change);
}

function takeMessage(c: Connection, stream: Stream, { message, borrowed }: MessageReader): void {
	if (stream.process !== undefined) {
		// An exchange keeps parts of what it gets; a message of more than one frame was copied already.
		stream.process.receive(borrowed ? Buffer.from(message) : message);
		return;
	}
	if (stream.message !== undefined) {
		endWithError(c, stream, STATUS.UNIMPLEMENTED, "more than one message");
		return;
	}
	stream.message = borrowed ? Buffer.from(message) : message;
	hold(c, stream, message.length);
}

function refuseMessage(c: Connection, stream: Stream, why: "compressed" | "too_large"): void {
	if (why === "too_large") {
		c.lane.deps.metrics.limitsHit.inc({ limit: "max_message_bytes" });
		endWithError(c, stream, STATUS.RESOURCE_EXHAUSTED, "message too large");
	} else endWithError(c, stream, STATUS.UNIMPLEMENTED, "compressed");
}
