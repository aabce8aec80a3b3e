import { randomUUID } from "node:crypto";
import { FIXED_LIMITS } from "../config/limits.ts";
import type { TracesConfig } from "../config/types.ts";
import type { Clock } from "../lib/clock.ts";
import { collectorUrl, readResourceAttributes } from "../lib/otlp-settings.ts";
import { envelopeOf } from "../telemetry/otlp-json.ts";
import { createSpanExporter, type SpanExporter } from "../telemetry/span-exporter.ts";
import type { Logger, Metrics } from "../telemetry/types.ts";

export interface SpanExporterDeps {
	readonly version: string;
	readonly metrics: Metrics;
	readonly clock: Clock;
	readonly log: Logger;
}

/** What sends spans to the configured collector; undefined when traces are off. */
export function openSpanExporter(traces: TracesConfig, deps: SpanExporterDeps): SpanExporter | undefined {
	const url = traces.endpoint === undefined ? undefined : collectorUrl(traces.endpoint);
	if (url === undefined) return undefined;
	const { version } = deps;
	const resource = {
		"service.version": version === "" ? undefined : version,
		"service.instance.id": randomUUID(),
		...readResourceAttributes(traces.resource_attributes),
		"service.name": traces.service_name,
	};
	return createSpanExporter({
		url,
		envelope: envelopeOf(resource, { name: "postern", version }),
		maxSpans: traces.max_queue_spans,
		maxBytes: traces.max_queue_bytes,
		maxBatchSpans: traces.max_batch_spans,
		flushMs: traces.flush_milliseconds,
		timeoutMs: traces.timeout_seconds * 1000,
		maxAnswerBytes: FIXED_LIMITS.traces_answer_bytes.value,
		retries: FIXED_LIMITS.traces_retries.value,
		metrics: deps.metrics,
		clock: deps.clock,
		log: deps.log,
	});
}
