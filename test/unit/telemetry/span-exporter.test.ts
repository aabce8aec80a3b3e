import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { systemClock } from "../../../src/lib/clock.ts";
import { envelopeOf } from "../../../src/telemetry/otlp-json.ts";
import { createSpanExporter, type SpanExporterOptions } from "../../../src/telemetry/span-exporter.ts";
import type { Span } from "../../../src/telemetry/span-types.ts";
import { type Collector, startCollector } from "../../support/otlp/collector.ts";
import { memoryLog, memoryMetrics } from "../../support/quiet.ts";
import { until } from "../../support/until.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function start(changes: Partial<SpanExporterOptions> = {}) {
	const collector: Collector = await startCollector();
	cleanups.push(collector.close);
	const { metrics, counted } = memoryMetrics();
	const log = memoryLog();
	const exporter = createSpanExporter({
		url: `${collector.url}/v1/traces`,
		envelope: envelopeOf(
			{ "service.name": "gate", absent: undefined },
			{ name: "postern", version: "1.2.3" },
		),
		maxSpans: 100,
		maxBytes: 1 << 20,
		maxBatchSpans: 10,
		flushMs: 20,
		timeoutMs: 1000,
		maxAnswerBytes: 1024,
		retries: 3,
		metrics,
		clock: systemClock,
		log,
		...changes,
	});
	const results = (): Readonly<Record<string, number>> => {
		const found: Record<string, number> = {};
		for (const { name, labels, value } of counted)
			if (name === "spans") found[labels["result"] ?? ""] = (found[labels["result"] ?? ""] ?? 0) + value;
		return found;
	};
	const queue = () => counted.filter(({ name }) => name === "spanQueueBytes").at(-1)?.value;
	const limits = () =>
		counted.filter(({ name }) => name === "limitsHit").map(({ labels }) => labels["limit"]);
	return { collector, exporter, log, results, queue, limits };
}

function span(spanId: string, more: Partial<Span> = {}): Span {
	return {
		traceId: TRACE,
		spanId,
		parentId: PARENT,
		name: "envoy.service.auth.v3.Authorization/Check",
		endMs: 1_700_000_000_123,
		durationMs: 1.5,
		attributes: { "rpc.system.name": "grpc", nothing: undefined },
		failed: false,
		...more,
	};
}

test("a span is what a collector takes", async () => {
	const { collector, exporter, results, queue } = await start();
	exporter.record(span("00f067aa0ba902b7", { attributes: { text: 'é "\n', empty: "" } }));
	exporter.record(span("00f067aa0ba902b8", { failed: true }));
	await until(() => collector.spans.length === 2);
	expect(collector.faults).toEqual([]);
	expect(collector.paths).toEqual(["/v1/traces"]);
	expect(collector.spans[0]).toEqual({
		traceId: TRACE,
		spanId: "00f067aa0ba902b7",
		parentSpanId: PARENT,
		name: "envoy.service.auth.v3.Authorization/Check",
		kind: 2,
		flags: 0x301,
		start: 1_700_000_000_121_500_000n,
		end: 1_700_000_000_123_000_000n,
		attributes: { text: 'é "\n', empty: "" },
		statusCode: 0,
		resource: { "service.name": "gate" },
		scope: { name: "postern", version: "1.2.3" },
	});
	expect(collector.spans[1]).toMatchObject({ statusCode: 2, attributes: { "rpc.system.name": "grpc" } });
	await until(() => results()["sent"] === 2);
	expect(queue()).toBe(0);
});

test("ids are hexadecimal and not the same twice", async () => {
	const { exporter } = await start();
	const ids = Array.from({ length: 1000 }, exporter.newId);
	expect(new Set(ids).size).toBe(1000);
	for (const id of ids) expect(id).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
});

test("a full batch leaves at once, the rest after a while", async () => {
	const { collector, exporter } = await start({ flushMs: 300 });
	for (let index = 0; index < 25; index++) exporter.record(span(exporter.newId()));
	await until(() => collector.batches.length === 2);
	expect(collector.batches).toEqual([10, 10]);
	await until(() => collector.batches.length === 3);
	expect(collector.batches).toEqual([10, 10, 5]);
});

test("what is over the bounds is dropped and counted, and no call hears of it", async () => {
	const { collector, exporter, results, limits } = await start({ maxSpans: 12, timeoutMs: 60_000 });
	collector.silent = true;
	for (let index = 0; index < 20; index++) exporter.record(span(exporter.newId()));
	expect(results()).toEqual({ dropped: 8 });
	expect(limits()).toEqual(Array(8).fill("telemetry.traces.max_queue_spans"));
});

test("bytes are bounded too", async () => {
	const { exporter, results, limits, queue } = await start({ maxBytes: 2000, flushMs: 60_000 });
	for (let index = 0; index < 20; index++)
		exporter.record(span(exporter.newId(), { attributes: { text: "é".repeat(200) } }));
	expect(results()["dropped"]).toBeGreaterThan(15);
	expect(new Set(limits())).toEqual(new Set(["telemetry.traces.max_queue_bytes"]));
	expect(queue()).toBeLessThanOrEqual(2000);
	expect(queue()).toBeGreaterThan(400);
});

test("a collector that asks for patience gets the spans again, and says so once", async () => {
	const { collector, exporter, results, log } = await start();
	collector.script.push({ status: 503 }, { status: 429 });
	exporter.record(span("00f067aa0ba902b7"));
	await until(() => collector.spans.length === 1, 6000);
	expect(collector.paths).toHaveLength(3);
	await until(() => results()["sent"] === 1);
	expect(results()).toEqual({ sent: 1 });
	expect(log.lines).toEqual([
		{
			level: "warn",
			fields: { why: "the collector answered with status 503", waiting: 1 },
			message: "traces do not reach the collector",
		},
	]);
}, 15_000);

test("what a collector refuses is not sent again", async () => {
	const { collector, exporter, results, queue } = await start();
	collector.script.push({ status: 400 });
	exporter.record(span("00f067aa0ba902b7"));
	await until(() => results()["failed"] === 1);
	expect(collector.paths).toHaveLength(1);
	expect(queue()).toBe(0);
	exporter.record(span("00f067aa0ba902b8"));
	await until(() => collector.spans.length === 1);
});

test("spans that a collector rejects in part are counted", async () => {
	const { collector, exporter, results } = await start();
	collector.script.push({
		status: 200,
		body: '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"no"}}',
	});
	for (let index = 0; index < 3; index++) exporter.record(span(exporter.newId()));
	await until(() => results()["rejected"] === 2);
	expect(results()).toEqual({ rejected: 2, sent: 1 });
});

test.each(["no json", "[]", "null", `{"x":"${"x".repeat(4000)}"}`])(
	"an answer that nobody can read rejects nothing: %.10s",
	async (body) => {
		const { collector, exporter, results } = await start();
		collector.script.push({ status: 200, body });
		exporter.record(span(exporter.newId()));
		await until(() => results()["sent"] === 1);
	},
);

test("the end sends what is left", async () => {
	const { collector, exporter, results } = await start({ flushMs: 60_000 });
	for (let index = 0; index < 25; index++) exporter.record(span(exporter.newId()));
	await exporter.close();
	expect(collector.spans).toHaveLength(25);
	exporter.record(span(exporter.newId()));
	expect(results()).toEqual({ sent: 25, dropped: 1 });
});

test("the end does not wait for a collector that is gone", async () => {
	const { collector, exporter, results } = await start({ flushMs: 60_000, timeoutMs: 100 });
	collector.silent = true;
	for (let index = 0; index < 25; index++) exporter.record(span(exporter.newId()));
	const begun = performance.now();
	await exporter.close();
	expect(performance.now() - begun).toBeLessThan(10_000);
	expect(results()).toEqual({ failed: 25 });
	expect(collector.paths).toHaveLength(1);
});

test("spans do not follow a redirect", async () => {
	const elsewhere = await startCollector();
	cleanups.push(elsewhere.close);
	const server = createServer((_request, response) => {
		response.writeHead(307, { location: `${elsewhere.url}/v1/traces` }).end();
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	cleanups.push(
		() =>
			new Promise((resolve) => {
				server.close(resolve);
				server.closeAllConnections();
			}),
	);
	const { port } = server.address() as AddressInfo;
	const { exporter, results } = await start({ url: `http://127.0.0.1:${port}/`, retries: 0 });
	exporter.record(span(exporter.newId()));
	await until(() => results()["failed"] === 1);
	expect(elsewhere.paths).toEqual([]);
});
