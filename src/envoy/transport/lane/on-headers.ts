import { Buffer } from "node:buffer";
import { STATUS } from "../failure-status.ts";
import { overLimit } from "./closing.ts";
import { ConnectionError } from "./error-codes.ts";
import { FLAG_END_HEADERS, FLAG_END_STREAM, FLAG_PADDED, FLAG_PRIORITY, readUint31 } from "./frame-types.ts";
import { decodeBlock } from "./hpack/decoder.ts";
import { HpackError } from "./hpack/hpack-error.ts";
import { MAX_CONTINUATIONS } from "./limits.ts";
import { isComplete, resetHead } from "./request-head.ts";
import { beginCall, endOfRequest } from "./requests.ts";
import { refuseStream, resetStream, spendControl, spendReset } from "./resets.ts";
import { endWithError } from "./send.ts";
import type { Connection, Stream } from "./state.ts";
import { endingOf, openStream } from "./streams.ts";

const PRIORITY_BYTES = 5;

/** HEADERS (RFC 9113, section 6.2). @throws ConnectionError */
export function onHeaders(
	c: Connection,
	bytes: Buffer,
	start: number,
	length: number,
	flags: number,
	id: number,
): void {
	if ((id & 1) === 0) throw new ConnectionError("PROTOCOL_ERROR", "HEADERS on a stream that no client opens");
	let from = start;
	let padding = 0;
	if ((flags & FLAG_PADDED) !== 0) {
		if (length < 1)
			throw new ConnectionError("FRAME_SIZE_ERROR", "HEADERS without the length of its padding");
		padding = bytes[from++] as number;
	}
	if ((flags & FLAG_PRIORITY) !== 0) {
		if (start + length - from < PRIORITY_BYTES)
			throw new ConnectionError("FRAME_SIZE_ERROR", "HEADERS without its priority");
		refuseSelfDependency(bytes, from, id);
		from += PRIORITY_BYTES;
	}
	const to = start + length - padding;
	if (to < from) throw new ConnectionError("PROTOCOL_ERROR", "padding longer than its frame");
	const ends = (flags & FLAG_END_STREAM) !== 0;
	if ((flags & FLAG_END_HEADERS) !== 0) {
		onBlock(c, bytes, from, to, id, ends);
		return;
	}
	c.blockStream = id;
	c.blockEndsStream = ends;
	c.blockFill = 0;
	c.blockFrames = 0;
	c.blockSince = c.now;
	keepFragment(c, bytes, from, to);
}

/** RFC 7540, section 5.3.1; priorities are gone (RFC 9113, section 5.3.2), and who still sends this one is up to no good. */
export function refuseSelfDependency(bytes: Buffer, at: number, id: number): void {
	if (readUint31(bytes, at) === id)
		throw new ConnectionError("PROTOCOL_ERROR", "a stream that depends on itself");
}

/** CONTINUATION (section 6.10): bounded in octets and in frames (CVE-2024-27316). @throws ConnectionError */
export function onContinuation(
	c: Connection,
	bytes: Buffer,
	start: number,
	length: number,
	flags: number,
	id: number,
): void {
	if (c.blockStream === 0) throw new ConnectionError("PROTOCOL_ERROR", "CONTINUATION of nothing");
	spendControl(c);
	if (++c.blockFrames > MAX_CONTINUATIONS)
		throw overLimit("lane_continuations", `more than ${MAX_CONTINUATIONS} frames of one header block`);
	keepFragment(c, bytes, start, start + length);
	if ((flags & FLAG_END_HEADERS) === 0) return;
	const { block, blockFill, blockEndsStream } = c;
	c.blockStream = 0;
	c.block = NO_BLOCK;
	onBlock(c, block, 0, blockFill, id, blockEndsStream);
}

const NO_BLOCK = Buffer.alloc(0);

function keepFragment(c: Connection, bytes: Buffer, from: number, to: number): void {
	const fill = c.blockFill + to - from;
	if (fill > c.lane.limits.maxHeaderBytes)
		throw overLimit("lane.max_header_bytes", `a header block over ${c.lane.limits.maxHeaderBytes} octets`);
	if (c.block.length < fill) {
		const grown = Buffer.allocUnsafeSlow(Math.min(c.lane.limits.maxHeaderBytes, fill * 2));
		c.block.copy(grown, 0, 0, c.blockFill);
		c.block = grown;
	}
	bytes.copy(c.block, c.blockFill, from, to);
	c.blockFill = fill;
}

/** A whole header block: a request's, or trailers. It is decoded whatever becomes of it, for HPACK's table is shared. */
function onBlock(c: Connection, bytes: Buffer, from: number, to: number, id: number, ends: boolean): void {
	const stream = c.streams.get(id);
	if (stream !== undefined) {
		onTrailers(c, stream, bytes, from, to, ends);
		return;
	}
	if (id > c.highest) {
		onRequest(c, bytes, from, to, id, ends);
		return;
	}
	const ending = endingOf(c, id);
	if (ending === "reset") {
		spendControl(c);
		decode(c, bytes, from, to, true);
		return;
	}
	// A number that was passed over cannot come any more (section 5.1.1).
	throw new ConnectionError(
		ending === "ended" ? "STREAM_CLOSED" : "PROTOCOL_ERROR",
		"HEADERS on a stream that has ended",
	);
}

function decode(c: Connection, bytes: Buffer, from: number, to: number, trailers: boolean): void {
	resetHead(c.head, trailers);
	try {
		decodeBlock(c.decoder, bytes, from, to, c.take);
	} catch (thrown) {
		if (thrown instanceof HpackError) throw new ConnectionError("COMPRESSION_ERROR", thrown.message);
		throw thrown;
	}
}

function onRequest(c: Connection, bytes: Buffer, from: number, to: number, id: number, ends: boolean): void {
	const { head, lane } = c;
	c.highest = id;
	decode(c, bytes, from, to, false);
	// Begun after the peer was told that nothing more is served; it knows that nobody looks at it (section 6.8).
	if (c.farewell === "final") {
		spendControl(c);
		return;
	}
	if (!isComplete(head)) {
		refuseStream(c, id, "PROTOCOL_ERROR");
		return;
	}
	if (c.active >= lane.options.maxConcurrentStreams) {
		lane.deps.metrics.limitsHit.inc({ limit: "max_concurrent_streams" });
		refuseStream(c, id, "REFUSED_STREAM");
		return;
	}
	const stream = openStream(c, id, ends, head, Math.max(0, head.timeoutMs));
	if (head.size > lane.limits.maxHeaderBytes) {
		spendReset(c);
		lane.deps.metrics.limitsHit.inc({ limit: "lane.max_header_bytes" });
		endWithError(c, stream, STATUS.RESOURCE_EXHAUSTED, "headers too large");
		return;
	}
	if (ends && head.contentLength > 0) {
		resetStream(c, stream, "PROTOCOL_ERROR");
		return;
	}
	beginCall(c, stream, head);
	if (ends && !stream.answered) endOfRequest(c, stream);
}

/** Trailers end a request (section 8.1); gRPC has none, so nothing of them is looked at. */
function onTrailers(
	c: Connection,
	stream: Stream,
	bytes: Buffer,
	from: number,
	to: number,
	ends: boolean,
): void {
	if (stream.ended) throw new ConnectionError("STREAM_CLOSED", "HEADERS behind the end of a stream");
	decode(c, bytes, from, to, true);
	if (!ends || c.head.malformed) throw new ConnectionError("PROTOCOL_ERROR", "a malformed trailer section");
	if (stream.contentLength >= 0 && stream.contentLength !== stream.received)
		throw new ConnectionError("PROTOCOL_ERROR", "content-length is not the length of the content");
	stream.ended = true;
	if (!stream.answered) endOfRequest(c, stream);
}
