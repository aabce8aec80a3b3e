import type { Readable } from "node:stream";

/** A line that is longer is cut, so that one process cannot fill another's memory. */
const MAX_LINE_BYTES = 1024 * 1024;
const LINE_END = 0x0a;

/** Takes whole lines; resolves when they are with the operating system. */
export type WriteLines = (lines: Uint8Array) => Promise<void>;

/**
 * Hands on the lines of one process to a place where others write too: whole lines only, for writes to a pipe are not
 * torn up to 4 KiB alone (POSIX, PIPE_BUF). Reads no further while a write is under way, so that a full reader is felt
 * by the writer. Ends with the stream; rejects when a write fails.
 */
export async function relayLines(from: Readable, write: WriteLines): Promise<void> {
	let rest: Buffer[] = [];
	let held = 0;
	for await (const chunk of from as AsyncIterable<Buffer>) {
		const end = chunk.lastIndexOf(LINE_END) + 1;
		if (end === 0 && held + chunk.length <= MAX_LINE_BYTES) {
			rest.push(chunk);
			held += chunk.length;
			continue;
		}
		const whole = end === 0 ? [...rest, chunk, Buffer.of(LINE_END)] : [...rest, chunk.subarray(0, end)];
		rest = end === 0 || end === chunk.length ? [] : [chunk.subarray(end)];
		held = rest[0]?.length ?? 0;
		await write(Buffer.concat(whole));
	}
	if (held > 0) await write(Buffer.concat([...rest, Buffer.of(LINE_END)]));
}

/** One write after the other, whoever asks. A write that fails fails for its caller alone. */
export function oneAtATime(write: WriteLines): WriteLines {
	let last: Promise<void> = Promise.resolve();
	return (lines) => {
		const written = last.then(() => write(lines));
		last = written.catch(() => undefined);
		return written;
	};
}
