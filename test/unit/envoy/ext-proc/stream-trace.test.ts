import { describe, expect, test } from "@jest/globals";
import type { ProcessDeps } from "../../../../src/envoy/ext-proc/deps.ts";
import { createProcess } from "../../../../src/envoy/ext-proc/session.ts";
import type { TraceHeaders } from "../../../../src/lib/trace-context.ts";
import type { Span } from "../../../../src/telemetry/span-types.ts";
import {
	BOTH,
	handoffMetadata,
	requestHeaders,
	responseBody,
	responseHeaders,
} from "../../../support/ext-proc-messages.ts";
import { processDeps } from "../../../support/process-deps.ts";
import { send } from "../../../support/process-exchange.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const OURS = "00f067aa0ba902b7";
const METHOD = "envoy.service.ext_proc.v3.ExternalProcessor/Process";
const sampled = { traceparent: `00-${TRACE}-${PARENT}-01` };
const unsampled = { traceparent: `00-${TRACE}-${PARENT}-00` };
const RELEASING = handoffMetadata({ response: { release: ["$.id"] } });

function open(trace?: TraceHeaders, changes: Partial<ProcessDeps> = {}) {
	const spans: Span[] = [];
	let now = 100;
	const made = processDeps({
		spans: { newId: () => OURS, record: (span) => void spans.push(span) },
		clock: { now: () => 1_700_000_000_000, monotonic: () => now++ },
		...changes,
	});
	return { ...made, spans, stream: createProcess(made.deps).open(trace) };
}

describe("a stream in a trace that its caller records", () => {
	test("is one span with what became of the answer, and its record names it", async () => {
		const { stream, spans, records } = open(sampled);
		await send(stream, responseHeaders({ metadata: RELEASING }));
		await send(stream, responseBody('{"id":7,"ssn":"SECRET"}'));
		expect(spans).toEqual([]);
		stream.abandon();
		stream.abandon();
		expect(spans).toEqual([
			{
				traceId: TRACE,
				spanId: OURS,
				parentId: PARENT,
				name: METHOD,
				endMs: 1_700_000_000_000,
				durationMs: expect.any(Number),
				attributes: {
					"rpc.system.name": "grpc",
					"rpc.method": METHOD,
					"rpc.response.status_code": "OK",
					"error.type": undefined,
					"postern.decision_id": "d-1",
					"opa.decision_id": "d-1",
					"postern.policy.revision": "r1",
					"postern.request.outcome": undefined,
					"postern.request.reason": undefined,
					"postern.response.outcome": "released",
					"postern.response.reason": undefined,
				},
				failed: false,
			},
		]);
		expect(spans[0]?.durationMs).toBeGreaterThan(0);
		expect(records).toHaveLength(1);
		expect(records[0]).toMatchObject({ decision_id: "d-1", trace_id: TRACE, span_id: OURS });
		expect(JSON.stringify(spans)).not.toContain("SECRET");
	});

	test("says why an answer was replaced, in its log line too", async () => {
		const { stream, spans, records, log } = open(sampled);
		await send(stream, responseHeaders({ metadata: RELEASING }));
		await send(stream, responseBody("{"));
		stream.abandon();
		expect(records).toMatchObject([{ outcome: "replaced", trace_id: TRACE }]);
		expect(spans[0]?.attributes).toMatchObject({
			"rpc.response.status_code": "OK",
			"postern.response.outcome": "replaced",
			"postern.response.reason": records[0]?.reason,
		});
		expect(log.lines).toMatchObject([{ fields: { decision_id: "d-1", trace_id: TRACE, span_id: OURS } }]);
	});

	test("that fails is a span that failed", async () => {
		const { stream, spans, log } = open(sampled);
		await send(stream, responseHeaders({ metadata: RELEASING, observability: true }));
		stream.abandon();
		expect(spans).toHaveLength(1);
		expect(spans[0]).toMatchObject({
			failed: true,
			attributes: { "rpc.response.status_code": "FAILED_PRECONDITION", "error.type": "FAILED_PRECONDITION" },
		});
		expect(log.lines).toMatchObject([{ level: "warn", fields: { code: "unsupported", trace_id: TRACE } }]);
	});

	test("that Envoy leaves while a body is owed was cancelled", async () => {
		const { stream, spans } = open(sampled);
		await send(stream, responseHeaders({ metadata: RELEASING }));
		stream.abandon();
		expect(spans).toMatchObject([{ failed: false, attributes: { "rpc.response.status_code": "CANCELLED" } }]);
	});

	test("is found in the request's headers where the metadata name none", async () => {
		const { stream, spans } = open();
		const headers = [["traceparent", sampled.traceparent]] as const;
		await send(stream, requestHeaders({ headers, protocol: BOTH }));
		stream.abandon();
		expect(spans).toMatchObject([{ traceId: TRACE, parentId: PARENT }]);
	});

	test("is not found in an answer's headers, which are the upstream's", async () => {
		const { stream, spans, records } = open();
		const headers = [
			["content-type", "application/json"],
			["traceparent", sampled.traceparent],
		] as const;
		await send(stream, responseHeaders({ headers, metadata: RELEASING }));
		await send(stream, responseBody("{}"));
		stream.abandon();
		expect(spans).toEqual([]);
		expect(Object.keys(records[0] ?? {})).not.toContain("trace_id");
	});
});

test("a stream whose trace nobody records makes no span, and its record names the caller's", async () => {
	for (const [trace, changes] of [
		[unsampled, {}],
		[sampled, { spans: undefined }],
	] as const) {
		const { stream, spans, records } = open(trace, changes as Partial<ProcessDeps>);
		await send(stream, responseHeaders({ metadata: RELEASING }));
		await send(stream, responseBody('{"id":7}'));
		stream.abandon();
		expect(spans).toEqual([]);
		expect(records).toMatchObject([{ outcome: "released", trace_id: TRACE, span_id: PARENT }]);
	}
});
