import { close, constants, fstatSync, fsync, open, stat, write } from "node:fs";
import { promisify } from "node:util";
import { systemClock } from "../lib/clock.ts";
import { hasErrorCode } from "../lib/error-message.ts";

/** Where audit lines go. One `write` at a time. */
export interface AuditSink {
	/** Resolves when all bytes are with the operating system; rejects when they cannot be written now. */
	write(bytes: Uint8Array): Promise<void>;
	close(): Promise<void>;
}

const openFile = promisify(open);
const closeFile = promisify(close);
const syncFile = promisify(fsync);
const statFile = promisify(stat);

/** Group may read (a log shipper), nobody else. */
const FILE_MODE = 0o640;
/** How long a full pipe rests before it is tried again. */
const FULL_PIPE_MS = 5;

/** How often is looked whether the file was rotated away; lines of the meantime go where it went. */
const ROTATION_MS = 200;

/** Appends to a file, and notices when it was rotated away. Rejects when the file cannot be opened. */
export async function openFileSink(path: string): Promise<AuditSink> {
	let fd = await openFile(path, "a", FILE_MODE);
	let inode = fstatSync(fd).ino;
	let lookedAt = systemClock.monotonic();

	async function followRotation(): Promise<void> {
		const present = await statFile(path).catch(() => undefined);
		lookedAt = systemClock.monotonic();
		if (present?.ino === inode) return;
		const next = await openFile(path, "a", FILE_MODE);
		await closeFile(fd);
		fd = next;
		inode = fstatSync(fd).ino;
	}

	return {
		async write(bytes) {
			if (systemClock.monotonic() - lookedAt >= ROTATION_MS) await followRotation();
			await writeAll(fd, bytes);
		},
		async close() {
			await syncFile(fd).catch(() => undefined);
			await closeFile(fd);
		},
	};
}

/**
 * Writes to a standard stream without ever blocking: neither the event loop, as `process.stdout` does on pipes, nor
 * a thread of the pool, which would hold up the process's end. A pipe is opened anew for that, because O_NONBLOCK
 * belongs to the open file, which other processes share.
 */
export async function openStreamSink(fd: number): Promise<AuditSink> {
	const own = await reopenPipe(fd);
	return {
		write: (bytes) => writeAll(own ?? fd, bytes),
		close: async () => {
			if (own !== undefined) await closeFile(own);
		},
	};
}

async function reopenPipe(fd: number): Promise<number | undefined> {
	try {
		if (!fstatSync(fd).isFIFO()) return undefined;
		return await openFile(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
	} catch {
		// No /proc, or the pipe is another user's: the thread pool writes then.
		return undefined;
	}
}

async function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
	let offset = 0;
	while (offset < bytes.length) {
		try {
			offset += await writeSome(fd, bytes, offset);
		} catch (thrown) {
			if (!hasErrorCode(thrown, "EAGAIN")) throw new PartialWriteError(offset, thrown);
			await new Promise((resolve) => setTimeout(resolve, FULL_PIPE_MS));
		}
	}
}

function writeSome(fd: number, bytes: Uint8Array, offset: number): Promise<number> {
	return new Promise((resolve, reject) => {
		write(fd, bytes, offset, bytes.length - offset, null, (error, written) => {
			if (error === null) resolve(written);
			else reject(error);
		});
	});
}

/** A write that failed after some bytes had left; they must not be written twice. */
export class PartialWriteError extends Error {
	readonly written: number;

	constructor(written: number, cause: unknown) {
		super("the audit sink took only a part", { cause });
		this.name = "PartialWriteError";
		this.written = written;
	}
}
