import { errorMessage, hasErrorCode } from "../lib/error-message.ts";
import type { Logger, Metrics } from "../telemetry/types.ts";
import { encodeLine } from "./encode.ts";
import { type AuditSink, PartialWriteError } from "./sink.ts";
import type { AuditWriter } from "./types.ts";

export interface AuditWriterOptions {
	/** Absent: `audit.sink: off`; records are taken and forgotten. */
	readonly sink?: AuditSink;
	/** Lines that wait, the batch that is being written included. */
	readonly maxQueueBytes: number;
	readonly maxLineBytes: number;
	readonly flushMilliseconds: number;
	/** When the queue is full: `drop` takes the record, loses it and counts; `deny` does not take it. */
	readonly overflow: "drop" | "deny";
	readonly metrics: Pick<Metrics, "auditRecords" | "auditQueueBytes">;
	readonly log: Logger;
}

/** One write to the sink at most; small enough that a slow sink shows early. */
const MAX_BATCH_BYTES = 256 * 1024;
/** How long a sink that failed (a full disk) rests. */
const RETRY_MS = 500;

interface Line {
	readonly text: string;
	readonly bytes: number;
}

/**
 * Collects records for a few milliseconds and writes them together. The queue is bounded in bytes, so a sink that
 * stalls costs memory up to the bound and then whatever `overflow` says; it never stops the event loop.
 */
export function createAuditWriter(options: AuditWriterOptions): AuditWriter {
	const { sink, metrics, log } = options;
	let queue: Line[] = [];
	let queued = 0;
	let timer: NodeJS.Timeout | undefined;
	let pumping: Promise<void> | undefined;
	let closed = false;
	/** The sink's reader is gone for good. */
	let broken = false;
	let complained = false;

	function write(record: Parameters<AuditWriter["write"]>[0]): boolean {
		if (sink === undefined) return true;
		const { line, bytes, cut } = encodeLine(record, options.maxLineBytes);
		if (closed || broken || queued + bytes > options.maxQueueBytes) return overflow();
		if (cut) metrics.auditRecords.inc({ result: "cut" });
		queue.push({ text: line, bytes });
		queued += bytes;
		metrics.auditQueueBytes.set(queued);
		if (pumping === undefined) timer ??= setTimeout(pump, options.flushMilliseconds);
		return true;
	}

	function overflow(): boolean {
		const deny = options.overflow === "deny";
		metrics.auditRecords.inc({ result: deny ? "refused" : "dropped" });
		if (!complained) {
			complained = true;
			log.error(
				{ queued, limit: options.maxQueueBytes },
				deny ? "audit queue full: calls are refused" : "audit queue full: records are lost",
			);
		}
		return !deny;
	}

	function pump(): void {
		clearTimeout(timer);
		timer = undefined;
		pumping ??= drain().finally(() => {
			pumping = undefined;
		});
	}

	async function drain(): Promise<void> {
		while (queue.length > 0 && sink !== undefined) {
			const batch = takeBatch();
			const done = await writeBatch(sink, batch);
			queued -= sizeOf(batch);
			metrics.auditQueueBytes.set(queued);
			metrics.auditRecords.inc({ result: done ? "written" : "failed" }, batch.length);
			if (done) complained = false;
		}
	}

	function takeBatch(): Line[] {
		let bytes = 0;
		let count = 0;
		for (const line of queue) {
			if (count > 0 && bytes + line.bytes > MAX_BATCH_BYTES) break;
			bytes += line.bytes;
			count++;
		}
		const batch = queue.slice(0, count);
		queue = queue.slice(count);
		return batch;
	}

	/** Answers false when the batch is lost, because nobody will ever read it. */
	async function writeBatch(target: AuditSink, batch: readonly Line[]): Promise<boolean> {
		let bytes = Buffer.from(batch.map((line) => line.text).join(""), "utf8");
		for (;;) {
			if (broken) return false;
			try {
				await target.write(bytes);
				return true;
			} catch (thrown) {
				if (thrown instanceof PartialWriteError) bytes = bytes.subarray(thrown.written);
				broken ||= hasErrorCode(thrown, "EPIPE") || hasErrorCode(thrown, "EBADF");
				if (!complained || broken)
					log.error({ error: errorMessage(causeOf(thrown)) }, "the audit sink fails");
				complained = true;
				if (closed) return false;
				if (!broken) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
			}
		}
	}

	async function flush(): Promise<void> {
		while (queue.length > 0 || pumping !== undefined) {
			pump();
			await pumping;
		}
	}

	return {
		write,
		flush,
		async close() {
			closed = true;
			await flush();
			await sink?.close();
		},
	};
}

function sizeOf(batch: readonly Line[]): number {
	return batch.reduce((total, line) => total + line.bytes, 0);
}

function causeOf(thrown: unknown): unknown {
	return thrown instanceof PartialWriteError ? thrown.cause : thrown;
}
