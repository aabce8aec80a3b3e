import type { Span } from "./span-types.ts";

/** `Span.SpanKind` of `opentelemetry/proto/trace/v1/trace.proto`. */
const KIND_SERVER = 2;
const STATUS_ERROR = 2;
/** Sampled, and a parent of another process: bits 0, 8 and 9 of `Span.flags`. */
const FLAGS = 0x301;

interface KeyValue {
	readonly key: string;
	readonly value: { readonly stringValue: string };
}

function keyValues(attributes: Readonly<Record<string, string | undefined>>): readonly KeyValue[] {
	return Object.entries(attributes).flatMap(([key, value]) =>
		value === undefined ? [] : [{ key, value: { stringValue: value } }],
	);
}

/** Milliseconds as the nanoseconds of a `fixed64`, which JSON holds as text. */
function nanos(ms: number): string {
	return `${Math.round(ms * 1000)}000`;
}

/** One span as OTLP's JSON has it: ids in hexadecimal, not in base64 as elsewhere in protobuf's JSON. */
export function spanText(span: Span): string {
	return JSON.stringify({
		traceId: span.traceId,
		spanId: span.spanId,
		parentSpanId: span.parentId,
		flags: FLAGS,
		name: span.name,
		kind: KIND_SERVER,
		startTimeUnixNano: nanos(span.endMs - span.durationMs),
		endTimeUnixNano: nanos(span.endMs),
		attributes: keyValues(span.attributes),
		...(span.failed ? { status: { code: STATUS_ERROR } } : {}),
	});
}

/** What stands around the spans of an `ExportTraceServiceRequest`. */
export interface Envelope {
	readonly head: string;
	readonly tail: string;
}

export function envelopeOf(
	resource: Readonly<Record<string, string | undefined>>,
	scope: { readonly name: string; readonly version: string },
): Envelope {
	const of = JSON.stringify({ attributes: keyValues(resource) });
	return {
		head: `{"resourceSpans":[{"resource":${of},"scopeSpans":[{"scope":${JSON.stringify(scope)},"spans":[`,
		tail: "]}]}]}",
	};
}
