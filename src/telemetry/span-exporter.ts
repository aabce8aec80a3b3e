import { randomFillSync } from "node:crypto";
import type { Clock } from "../lib/clock.ts";
import { errorMessage } from "../lib/error-message.ts";
import { type Envelope, spanText } from "./otlp-json.ts";
import type { SpanSink } from "./span-types.ts";
import type { Logger, Metrics } from "./types.ts";

export interface SpanExporterOptions {
	/** Of a collector, for OTLP over HTTP: `http://collector:4318/v1/traces`. */
	readonly url: string;
	readonly envelope: Envelope;
	/** Spans that wait, those on their way included. */
	readonly maxSpans: number;
	readonly maxBytes: number;
	/** Of one request. */
	readonly maxBatchSpans: number;
	readonly flushMs: number;
	readonly timeoutMs: number;
	/** Of the collector's answer. */
	readonly maxAnswerBytes: number;
	/** How often a batch is sent again to a collector that asks for patience or cannot be reached. */
	readonly retries: number;
	readonly metrics: Pick<Metrics, "spans" | "spanQueueBytes" | "limitsHit">;
	readonly clock: Clock;
	readonly log: Logger;
	/** In the place of the global one. */
	readonly post?: typeof fetch;
}

export interface SpanExporter extends SpanSink {
	/** Sends what is left, once, and takes nothing more. */
	close(): Promise<void>;
}

/** Statuses after which a client may try again (OTLP specification, "Retryable Response Codes"). */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const FIRST_WAIT_MS = 1000;
/** Complaints about a collector come at most so often. */
const COMPLAINT_MS = 60_000;

type Outcome =
	| { readonly kind: "sent"; readonly rejected: number }
	| { readonly kind: "failed"; readonly again: boolean; readonly why: string };

/**
 * Collects spans and sends them together as OTLP's JSON. Bounded in spans, bytes and time: what is over the bounds, or
 * what a collector does not take, is lost and counted, and no call ever waits for it.
 */
export function createSpanExporter(options: SpanExporterOptions): SpanExporter {
	const { metrics, log, clock } = options;
	const post = options.post ?? fetch;
	let waiting: string[] = [];
	/** Spans and bytes that wait or are on their way. */
	let spans = 0;
	let bytes = 0;
	let timer: NodeJS.Timeout | undefined;
	let sending: Promise<void> | undefined;
	let closed = false;
	let wake: (() => void) | undefined;
	let complained = Number.NEGATIVE_INFINITY;

	function record(span: Parameters<SpanSink["record"]>[0]): void {
		const text = spanText(span);
		const size = Buffer.byteLength(text);
		const over = spans >= options.maxSpans || bytes + size > options.maxBytes;
		if (closed || over) {
			if (over) metrics.limitsHit.inc({ limit: spanLimit() });
			metrics.spans.inc({ result: "dropped" });
			return;
		}
		waiting.push(text);
		spans++;
		bytes += size;
		metrics.spanQueueBytes.set(bytes);
		if (sending !== undefined) return;
		if (waiting.length >= options.maxBatchSpans) send();
		else if (timer === undefined) {
			timer = setTimeout(send, options.flushMs);
			timer.unref();
		}
	}

	function spanLimit(): string {
		return spans >= options.maxSpans
			? "telemetry.traces.max_queue_spans"
			: "telemetry.traces.max_queue_bytes";
	}

	function send(): void {
		clearTimeout(timer);
		timer = undefined;
		sending ??= drain().finally(() => {
			sending = undefined;
			// What came in the meantime waits for its turn like any other.
			if (waiting.length > 0 && !closed) {
				timer ??= setTimeout(send, options.flushMs);
				timer.unref();
			}
		});
	}

	async function drain(): Promise<void> {
		do {
			const batch = waiting.slice(0, options.maxBatchSpans);
			waiting = waiting.slice(batch.length);
			const outcome = await deliver(batch);
			spans -= batch.length;
			for (const text of batch) bytes -= Buffer.byteLength(text);
			metrics.spanQueueBytes.set(bytes);
			if (outcome.kind === "failed") {
				metrics.spans.inc({ result: "failed" }, batch.length);
				if (closed) giveUp();
			} else {
				const rejected = Math.min(outcome.rejected, batch.length);
				if (rejected > 0) metrics.spans.inc({ result: "rejected" }, rejected);
				metrics.spans.inc({ result: "sent" }, batch.length - rejected);
			}
		} while (waiting.length >= options.maxBatchSpans || (closed && waiting.length > 0));
	}

	/** A process that ends does not wait for a collector that is gone. */
	function giveUp(): void {
		if (waiting.length > 0) metrics.spans.inc({ result: "failed" }, waiting.length);
		waiting = [];
	}

	async function deliver(batch: readonly string[]): Promise<Outcome> {
		const body = `${options.envelope.head}${batch.join(",")}${options.envelope.tail}`;
		for (let attempt = 0; ; attempt++) {
			const outcome = await attemptOnce(body);
			if (outcome.kind === "sent") return outcome;
			complain(outcome.why);
			if (!outcome.again || attempt >= options.retries || closed) return outcome;
			await patience(FIRST_WAIT_MS * 2 ** attempt);
		}
	}

	async function attemptOnce(body: string): Promise<Outcome> {
		try {
			const answer = await post(options.url, {
				method: "POST",
				// A collector elsewhere than where the operator has said is none.
				redirect: "error",
				credentials: "omit",
				headers: { "content-type": "application/json" },
				body,
				signal: AbortSignal.timeout(options.timeoutMs),
			});
			if (answer.status < 200 || answer.status > 299) {
				await answer.body?.cancel();
				return {
					kind: "failed",
					again: RETRYABLE.has(answer.status),
					why: `the collector answered with status ${answer.status}`,
				};
			}
			return { kind: "sent", rejected: await rejectedOf(answer) };
		} catch (thrown) {
			return { kind: "failed", again: true, why: causeOf(thrown) };
		}
	}

	/** `partial_success.rejected_spans`; an answer that nobody can read rejects nothing. */
	async function rejectedOf(answer: Response): Promise<number> {
		try {
			let text = "";
			const decoder = new TextDecoder();
			for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
				text += decoder.decode(chunk, { stream: true });
				if (text.length > options.maxAnswerBytes) return 0;
			}
			const { partialSuccess } = JSON.parse(text) as { partialSuccess?: { rejectedSpans?: unknown } };
			const rejected = Number(partialSuccess?.rejectedSpans ?? 0);
			if (rejected > 0) complain(`the collector rejected ${rejected} spans`);
			return rejected > 0 ? rejected : 0;
		} catch {
			return 0;
		}
	}

	function complain(why: string): void {
		if (clock.monotonic() - complained < COMPLAINT_MS) return;
		complained = clock.monotonic();
		log.warn({ why, waiting: spans }, "traces do not reach the collector");
	}

	function patience(ms: number): Promise<void> {
		return new Promise((resolve) => {
			const waited = setTimeout(resolve, ms);
			waited.unref();
			wake = () => {
				clearTimeout(waited);
				resolve();
			};
		});
	}

	return {
		newId: createIds(),
		record,
		async close() {
			closed = true;
			wake?.();
			if (waiting.length > 0) send();
			await sending;
			// A batch may have been on its way alone.
			if (waiting.length > 0) {
				send();
				await sending;
			}
		},
	};
}

/** The reason under `fetch failed`. */
function causeOf(thrown: unknown): string {
	const { cause } = typeof thrown === "object" && thrown !== null ? (thrown as { cause?: unknown }) : {};
	return errorMessage(cause ?? thrown);
}

const POOL_BYTES = 1024;
const ID_BYTES = 8;

/** Span ids, many from one look at the system's randomness. */
function createIds(): () => string {
	const pool = Buffer.alloc(POOL_BYTES);
	let at = POOL_BYTES;
	return () => {
		if (at === POOL_BYTES) {
			randomFillSync(pool);
			at = 0;
		}
		const id = pool.toString("hex", at, at + ID_BYTES);
		at += ID_BYTES;
		// All zero is no id.
		return id === "0000000000000000" ? "0000000000000001" : id;
	};
}
