import { Buffer } from "node:buffer";
import { ConnectionError } from "./error-codes.ts";
import { FRAME_HEADER_BYTES, MAX_FRAME_BYTES } from "./frame-types.ts";

/** What has come of a frame that is not complete. */
export interface FrameIntake {
	readonly header: Buffer;
	/** Octets of the header that are there, while `frame` is not. */
	headerFill: number;
	/** Header and payload, as long as both; made once the length is known. */
	frame: Buffer | undefined;
	fill: number;
}

/**
 * Takes one frame; `at` is where its header stands in `bytes`, the payload follows it. False stops the intake behind this
 * frame. The bytes are the reader's: whoever keeps some of them copies them.
 */
export type TakeFrame<T> = (target: T, bytes: Buffer, at: number, length: number) => boolean;

export function createFrameIntake(): FrameIntake {
	return { header: Buffer.allocUnsafe(FRAME_HEADER_BYTES), headerFill: 0, frame: undefined, fill: 0 };
}

/** Whether a frame has begun and is not complete. */
export function isInsideFrame(intake: FrameIntake): boolean {
	return intake.headerFill > 0 || intake.frame !== undefined;
}

function lengthAt(bytes: Uint8Array, at: number): number {
	const length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
	// Section 4.2: this may be a stream's error for some types; there is no reason to go on with such a peer.
	if (length > MAX_FRAME_BYTES) throw new ConnectionError("FRAME_SIZE_ERROR", `a frame of ${length} octets`);
	return length;
}

/**
 * Hands over the frames of a chunk that came from the peer, from `start` on. Whole frames are looked at where they lie; of
 * a frame that is cut into several chunks every octet is copied once. Gives back where it stopped: behind the chunk's last
 * octet, unless `take` said false.
 *
 * @throws ConnectionError
 */
export function takeFrames<T>(
	intake: FrameIntake,
	chunk: Buffer,
	start: number,
	target: T,
	take: TakeFrame<T>,
): number {
	let pos = start;
	if (isInsideFrame(intake)) {
		pos = completeFrame(intake, chunk, pos);
		const { frame } = intake;
		if (frame === undefined || intake.fill < frame.length) return pos;
		intake.frame = undefined;
		if (!take(target, frame, 0, frame.length - FRAME_HEADER_BYTES)) return pos;
	}
	while (chunk.length - pos >= FRAME_HEADER_BYTES) {
		const length = lengthAt(chunk, pos);
		const end = pos + FRAME_HEADER_BYTES + length;
		if (end > chunk.length) break;
		const at = pos;
		pos = end;
		if (!take(target, chunk, at, length)) return pos;
	}
	return pos < chunk.length ? completeFrame(intake, chunk, pos) : pos;
}

/** Copies what there is of the frame that has begun, or begins here; gives back the offset behind it. */
function completeFrame(intake: FrameIntake, chunk: Buffer, start: number): number {
	let pos = start;
	if (intake.frame === undefined) {
		const missing = Math.min(FRAME_HEADER_BYTES - intake.headerFill, chunk.length - pos);
		chunk.copy(intake.header, intake.headerFill, pos, pos + missing);
		intake.headerFill += missing;
		pos += missing;
		if (intake.headerFill < FRAME_HEADER_BYTES) return pos;
		const frame = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + lengthAt(intake.header, 0));
		intake.header.copy(frame);
		intake.frame = frame;
		intake.fill = FRAME_HEADER_BYTES;
		intake.headerFill = 0;
	}
	const count = Math.min(intake.frame.length - intake.fill, chunk.length - pos);
	chunk.copy(intake.frame, intake.fill, pos, pos + count);
	intake.fill += count;
	return pos + count;
}
