import { Buffer } from "node:buffer";

/** Takes gRPC's messages out of a stream's octets: a flag, four octets of length, the message. */
export interface MessageReader {
	/** Octets of the five in front that are there. */
	prefix: number;
	/** Of the message that comes, as far as the prefix is there. */
	length: number;
	/** What has come of it, when it did not come in one piece; grows towards `length`. */
	held: Buffer | undefined;
	filled: number;
	/** The message that was completed last. */
	message: Buffer;
	/** It lies in the bytes that were read, which are the reader's. */
	borrowed: boolean;
	/** Where reading goes on. */
	pos: number;
}

export type Reading = "message" | "more" | "compressed" | "too_large";

const PREFIX_BYTES = 5;
const LEAST_HELD = 1024;
const NOTHING = Buffer.alloc(0);

export function createMessageReader(): MessageReader {
	return { prefix: 0, length: 0, held: undefined, filled: 0, message: NOTHING, borrowed: false, pos: 0 };
}

/** Whether a message has begun and is not complete. */
export function isInsideMessage(reader: MessageReader): boolean {
	return reader.prefix > 0;
}

/**
 * Reads from `reader.pos` to `end`, at most one message. A message that lies there whole is not copied; memory for one
 * that does not grows with what has come of it, not with what its length announces.
 */
export function readMessage(reader: MessageReader, bytes: Buffer, end: number, maxBytes: number): Reading {
	while (reader.prefix < PREFIX_BYTES) {
		if (reader.pos >= end) return "more";
		const octet = bytes[reader.pos++] as number;
		if (reader.prefix++ > 0) reader.length = reader.length * 256 + octet;
		else {
			// No coding was agreed on, so nothing may be compressed; other flags there are none.
			if (octet !== 0) return "compressed";
			reader.length = 0;
		}
	}
	if (reader.length > maxBytes) return "too_large";
	const missing = reader.length - reader.filled;
	const there = end - reader.pos;
	if (reader.held === undefined && there >= missing) {
		reader.message = bytes.subarray(reader.pos, reader.pos + missing);
		reader.borrowed = true;
		reader.pos += missing;
		reader.prefix = 0;
		return "message";
	}
	const count = Math.min(missing, there);
	const held = withRoom(reader, reader.filled + count);
	bytes.copy(held, reader.filled, reader.pos, reader.pos + count);
	reader.filled += count;
	reader.pos += count;
	if (reader.filled < reader.length) return "more";
	reader.message = held.subarray(0, reader.length);
	reader.borrowed = false;
	reader.prefix = 0;
	reader.held = undefined;
	reader.filled = 0;
	return "message";
}

function withRoom(reader: MessageReader, needed: number): Buffer {
	const { held } = reader;
	if (held !== undefined && held.length >= needed) return held;
	const size = Math.min(reader.length, Math.max(LEAST_HELD, needed, (held?.length ?? 0) * 2));
	const grown = Buffer.allocUnsafeSlow(size);
	held?.copy(grown, 0, 0, reader.filled);
	reader.held = grown;
	return grown;
}
