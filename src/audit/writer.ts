import { errorMessage, hasErrorCode } from "../lib/error-message.ts";
import type { Logger, Metrics } from "../telemetry/types.ts";
import { createLineEncoder } from "./encode.ts";
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

/** What is written to the sink at one time, unless a single line is longer. */
const BATCH_BYTES = 128 * 1024;
/** Buffers of batches that were written, kept for the next: a busy moment fills several, and new ones would be garbage. */
const SPARE_BATCHES = 4;
/** How long a sink that failed (a full disk) rests. */
const RETRY_MS = 500;

/** Lines one behind the other, as they will be written. */
interface Batch {
	readonly buffer: Buffer;
	fill: number;
	lines: number;
}

/**
 * Collects records for a few milliseconds and writes them together. The queue is bounded in bytes, so a sink that
 * stalls costs memory up to the bound and then whatever `overflow` says; it never stops the event loop.
 */
export function createAuditWriter(options: AuditWriterOptions): AuditWriter {
	const { sink, metrics, log } = options;
	const encode = createLineEncoder(options.maxLineBytes);
	/** Batches that wait; the last of them still takes lines. */
	const queue: Batch[] = [];
	const spares: Buffer[] = [];
	let queued = 0;
	let timer: NodeJS.Timeout | undefined;
	let pumping: Promise<void> | undefined;
	let closed = false;
	/** The sink's reader is gone for good. */
	let broken = false;
	let complained = false;

	function write(record: Parameters<AuditWriter["write"]>[0]): boolean {
		if (sink === undefined) return true;
		const { buffer, length, cut } = encode(record);
		if (closed || broken || queued + length > options.maxQueueBytes) return overflow();
		if (cut) metrics.auditRecords.inc({ result: "cut" });
		const batch = batchFor(length);
		batch.fill += buffer.copy(batch.buffer, batch.fill, 0, length);
		batch.lines++;
		queued += length;
		metrics.auditQueueBytes.set(queued);
		if (pumping === undefined) timer ??= setTimeout(pump, options.flushMilliseconds);
		return true;
	}

	function batchFor(bytes: number): Batch {
		const last = queue.at(-1);
		if (last !== undefined && last.buffer.length - last.fill >= bytes) return last;
		const spare = bytes > BATCH_BYTES ? undefined : spares.pop();
		const buffer = spare ?? Buffer.allocUnsafeSlow(Math.max(BATCH_BYTES, bytes));
		const batch = { buffer, fill: 0, lines: 0 };
		queue.push(batch);
		return batch;
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
		while (sink !== undefined) {
			const batch = queue.shift();
			if (batch === undefined) return;
			const done = await writeBatch(sink, batch);
			queued -= batch.fill;
			if (batch.buffer.length === BATCH_BYTES && spares.length < SPARE_BATCHES) spares.push(batch.buffer);
			metrics.auditQueueBytes.set(queued);
			metrics.auditRecords.inc({ result: done ? "written" : "failed" }, batch.lines);
			if (done) complained = false;
		}
	}

	/** Answers false when the batch is lost, because nobody will ever read it. */
	async function writeBatch(target: AuditSink, batch: Batch): Promise<boolean> {
		let bytes = batch.buffer.subarray(0, batch.fill);
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

function causeOf(thrown: unknown): unknown {
	return thrown instanceof PartialWriteError ? thrown.cause : thrown;
}
