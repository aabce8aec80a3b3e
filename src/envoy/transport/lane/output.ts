import { Buffer } from "node:buffer";
import {
	FRAME_HEADER_BYTES,
	GOAWAY,
	PING,
	RST_STREAM,
	WINDOW_UPDATE,
	writeFrameHeader,
	writeUint32,
} from "./frame-types.ts";
import type { Connection } from "./state.ts";

/** What one write hands to the socket at most, unless a single frame is larger. */
const OUT_BYTES = 65_536;
const SPARE_BUFFERS = 4;

export const NO_BYTES: Buffer = Buffer.alloc(0);

/** Makes room for `count` octets behind `outFill`. */
export function reserve(c: Connection, count: number): void {
	if (c.out.length - c.outFill >= count) return;
	writeOut(c);
	if (c.out.length - c.outFill >= count) return;
	c.out =
		count > OUT_BYTES
			? Buffer.allocUnsafeSlow(count)
			: (c.lane.spareBuffers.pop() ?? Buffer.allocUnsafeSlow(OUT_BYTES));
}

/** Hands what was collected to the socket: the one system call of most turns. */
export function writeOut(c: Connection): void {
	if (c.outFill === 0) return;
	const { out, socket } = c;
	const roomLeft = socket.write(out.subarray(0, c.outFill), c.onWritten);
	c.out = NO_BYTES;
	c.outFill = 0;
	// Nothing waits: the bytes are with the operating system, and the buffer is free again.
	if (socket.writableLength === 0) {
		c.writeSince = 0;
		if (out.length === OUT_BYTES && c.lane.spareBuffers.length < SPARE_BUFFERS) c.lane.spareBuffers.push(out);
		return;
	}
	if (c.writeSince === 0) c.writeSince = c.now;
	if (!roomLeft) c.blocked = true;
}

/** A frame whose payload the caller writes; gives back where it begins. */
export function openFrame(
	c: Connection,
	length: number,
	type: number,
	flags: number,
	stream: number,
): number {
	reserve(c, FRAME_HEADER_BYTES + length);
	writeFrameHeader(c.out, c.outFill, length, type, flags, stream);
	const at = c.outFill + FRAME_HEADER_BYTES;
	c.outFill = at + length;
	return at;
}

function writeFrame(c: Connection, type: number, flags: number, stream: number, payload: Buffer): void {
	const at = openFrame(c, payload.length, type, flags, stream);
	payload.copy(c.out, at);
}

export function writeReset(c: Connection, stream: number, code: number): void {
	const at = openFrame(c, 4, RST_STREAM, 0, stream);
	writeUint32(c.out, at, code);
}

export function writeWindowUpdate(c: Connection, stream: number, increment: number): void {
	const at = openFrame(c, 4, WINDOW_UPDATE, 0, stream);
	writeUint32(c.out, at, increment);
}

export function writePing(c: Connection, flags: number, payload: Buffer): void {
	writeFrame(c, PING, flags, 0, payload);
}

export function writeGoaway(c: Connection, lastStream: number, code: number): void {
	const at = openFrame(c, 8, GOAWAY, 0, 0);
	writeUint32(c.out, at, lastStream);
	writeUint32(c.out, at + 4, code);
}
