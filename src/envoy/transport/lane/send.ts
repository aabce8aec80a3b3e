import { Buffer } from "node:buffer";
import { errorTrailers, GRPC_HEAD, OK_TRAILERS, trailersOnly } from "./answer-blocks.ts";
import { earn } from "./budget.ts";
import { keepWithinMemory } from "./closing.ts";
import { ERROR } from "./error-codes.ts";
import {
	DATA,
	FLAG_END_HEADERS,
	FLAG_END_STREAM,
	FRAME_HEADER_BYTES,
	HEADERS,
	MAX_FRAME_BYTES,
	writeFrameHeader,
	writeUint32,
} from "./frame-types.ts";
import { openFrame, reserve, writeReset } from "./output.ts";
import type { Connection, Outgoing, Stream } from "./state.ts";
import { forgetStream, hold, release } from "./streams.ts";

const PREFIX_BYTES = 5;
/** `dynamic table size update` to 0: our encoder has no table, whatever the peer's settings come to be. */
const NO_TABLE = 0x20;

/** What a message that was answered gives its connection back. */
const CONTROLS_EARNED = 4;
const RESETS_EARNED = 0.25;
/** Octets sent that one WINDOW_UPDATE may answer. By octets, not by frames: a window of one octet earns nothing. */
const OCTETS_PER_CONTROL = 4096;

/** Head, message and trailers of a unary answer, but for its message and numbers. */
const HEAD_FRAME = frameOf(FLAG_END_HEADERS, GRPC_HEAD);
const TAIL_FRAME = frameOf(FLAG_END_HEADERS | FLAG_END_STREAM, OK_TRAILERS);
const HEAD_BYTES = HEAD_FRAME.length;
const TAIL_BYTES = TAIL_FRAME.length;
const STREAM_AT = 5;

function frameOf(flags: number, block: Buffer): Buffer {
	const frame = Buffer.alloc(FRAME_HEADER_BYTES + block.length);
	writeFrameHeader(frame, 0, block.length, HEADERS, flags, 0);
	block.copy(frame, FRAME_HEADER_BYTES);
	return frame;
}

/** Answers a unary call with OK. The message must not be changed afterwards. */
export function answerUnary(c: Connection, stream: Stream, message: Uint8Array): void {
	const octets = PREFIX_BYTES + message.length;
	if (!passesNow(c, stream, octets) || c.firstBlock) {
		sendMessage(c, stream, message);
		endWithOk(c, stream);
		return;
	}
	reserve(c, HEAD_BYTES + FRAME_HEADER_BYTES + octets + TAIL_BYTES);
	const { out } = c;
	let at = c.outFill;
	HEAD_FRAME.copy(out, at);
	writeUint32(out, at + STREAM_AT, stream.id);
	at += HEAD_BYTES;
	writeFrameHeader(out, at, octets, DATA, 0, stream.id);
	at += FRAME_HEADER_BYTES;
	out[at] = 0;
	writeUint32(out, at + 1, message.length);
	out.set(message, at + PREFIX_BYTES);
	at += octets;
	TAIL_FRAME.copy(out, at);
	writeUint32(out, at + STREAM_AT, stream.id);
	c.outFill = at + TAIL_BYTES;
	c.sendWindow -= octets;
	earnBack(c);
	finish(c, stream);
}

/** Whether so many octets of a stream may leave in one frame, now. */
function passesNow(c: Connection, stream: Stream, octets: number): boolean {
	return (
		octets <= MAX_FRAME_BYTES &&
		octets <= stream.sendWindow &&
		octets <= c.sendWindow &&
		stream.outgoing === undefined &&
		!c.blocked
	);
}

/** A HEADERS frame. The first on a connection says that our encoder keeps no table (RFC 7541, section 4.2). */
function sendBlock(c: Connection, stream: number, flags: number, block: Buffer): void {
	const extra = c.firstBlock ? 1 : 0;
	const at = openFrame(c, extra + block.length, HEADERS, FLAG_END_HEADERS | flags, stream);
	if (c.firstBlock) c.out[at] = NO_TABLE;
	c.firstBlock = false;
	block.copy(c.out, at + extra);
}

function sendHead(c: Connection, stream: Stream): void {
	if (stream.headSent) return;
	stream.headSent = true;
	sendBlock(c, stream.id, 0, GRPC_HEAD);
}

/** Puts one message behind what waits of a stream; it leaves at the end of the turn. It must not be changed afterwards. */
export function sendMessage(c: Connection, stream: Stream, message: Uint8Array): void {
	earnBack(c);
	sendHead(c, stream);
	const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
	prefix[0] = 0;
	writeUint32(prefix, 1, message.length);
	sendOctets(c, stream, prefix, message);
}

/** The end of a whole answer that is no gRPC: its head, and a text. */
export function sendPlain(c: Connection, stream: Stream, head: Buffer, text: Buffer): void {
	stream.headSent = true;
	stream.answered = true;
	if (text.length === 0) {
		sendBlock(c, stream.id, FLAG_END_STREAM, head);
		finish(c, stream);
		return;
	}
	sendBlock(c, stream.id, 0, head);
	sendOctets(c, stream, text).end = "data";
}

function sendOctets(c: Connection, stream: Stream, ...pieces: Uint8Array[]): Outgoing {
	if (stream.outgoing === undefined) {
		stream.outgoing = { pieces: [], offset: 0, octets: 0, end: "open", since: c.now };
		c.waiting.push(stream);
	}
	const { outgoing } = stream;
	for (const piece of pieces) {
		if (piece.length === 0) continue;
		outgoing.pieces.push(piece);
		outgoing.octets += piece.length;
		hold(c, stream, piece.length);
	}
	return outgoing;
}

/** Ends a stream with OK, behind what still waits of it. */
export function endWithOk(c: Connection, stream: Stream): void {
	stream.answered = true;
	if (stream.outgoing !== undefined) stream.outgoing.end = OK_TRAILERS;
	else {
		sendHead(c, stream);
		sendBlock(c, stream.id, FLAG_END_STREAM, OK_TRAILERS);
		finish(c, stream);
	}
}

/** Ends a stream with an error; what waits of it is dropped. */
export function endWithError(c: Connection, stream: Stream, status: number, details: string): void {
	endWithBlock(c, stream, stream.headSent ? errorTrailers(status, details) : trailersOnly(status, details));
}

export function endWithBlock(c: Connection, stream: Stream, block: Buffer): void {
	stream.answered = true;
	sendBlock(c, stream.id, FLAG_END_STREAM, block);
	finish(c, stream);
}

function earnBack(c: Connection): void {
	earn(c.controls, CONTROLS_EARNED);
	earn(c.resets, RESETS_EARNED);
}

/** Our side of the stream has ended. A request that was not complete is not waited for (RFC 9113, section 8.1). */
function finish(c: Connection, stream: Stream): void {
	if (!stream.ended) writeReset(c, stream.id, ERROR.NO_ERROR);
	forgetStream(c, stream, !stream.ended);
}

/** Sends what waits, a frame of each stream in turn, until windows or the socket are full. */
export function sendWaiting(c: Connection): void {
	const { waiting } = c;
	let idle = 0;
	let at = 0;
	while (waiting.length > 0 && idle < waiting.length && !c.blocked) {
		if (at >= waiting.length) at = 0;
		const stream = waiting[at] as Stream;
		const before = waiting.length;
		idle = sendSome(c, stream) ? 0 : idle + 1;
		// A stream that has nothing more to send has left its place to the next.
		if (waiting.length === before) at++;
	}
	keepWithinMemory(c.lane);
}

/** Sends one frame of a stream; false when it cannot. */
function sendSome(c: Connection, stream: Stream): boolean {
	const outgoing = stream.outgoing as Outgoing;
	const octets = Math.min(outgoing.octets, stream.sendWindow, c.sendWindow, MAX_FRAME_BYTES);
	if (octets <= 0 && outgoing.octets > 0) return false;
	outgoing.since = c.now;
	const last = octets === outgoing.octets;
	if (octets > 0) {
		const at = openFrame(c, octets, DATA, last && outgoing.end === "data" ? FLAG_END_STREAM : 0, stream.id);
		takeOctets(outgoing, c.out, at, octets);
		stream.sendWindow -= octets;
		c.sendWindow -= octets;
		release(c, stream, octets);
		earn(c.controls, octets / OCTETS_PER_CONTROL);
	}
	if (!last) return true;
	stream.outgoing = undefined;
	c.waiting.splice(c.waiting.indexOf(stream), 1);
	if (outgoing.end === "open") return true;
	if (outgoing.end !== "data") sendBlock(c, stream.id, FLAG_END_STREAM, outgoing.end);
	finish(c, stream);
	return true;
}

function takeOctets(outgoing: Outgoing, out: Uint8Array, start: number, octets: number): void {
	let at = start;
	let left = octets;
	while (left > 0) {
		const piece = outgoing.pieces[0] as Uint8Array;
		const count = Math.min(left, piece.length - outgoing.offset);
		out.set(piece.subarray(outgoing.offset, outgoing.offset + count), at);
		at += count;
		left -= count;
		outgoing.offset += count;
		if (outgoing.offset === piece.length) {
			outgoing.pieces.shift();
			outgoing.offset = 0;
		}
	}
	outgoing.octets -= octets;
}
