import { afterEach, expect, test } from "@jest/globals";
import { startApp } from "../../support/app-fixture.ts";
import { type Collector, startCollector } from "../../support/otlp/collector.ts";
import { until } from "../../support/until.ts";

const ALLOW = "package envoy.authz\n\nallow := true\n";
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const sampled = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` };

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function collecting(): Promise<Collector> {
	const collector = await startCollector();
	cleanups.push(collector.close);
	return collector;
}

test("a stop sends the spans that still wait, with what the process is", async () => {
	const collector = await collecting();
	const app = await startApp({
		policy: ALLOW,
		env: {
			OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
			OTEL_SERVICE_NAME: "gate",
			OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test,service.name=not-this",
			POSTERN_TELEMETRY_TRACES_FLUSH_MILLISECONDS: "60000",
		},
		overrides: { version: "1.2.3" },
	});
	expect((await app.check(sampled)).code).toBe(0);
	expect(collector.spans).toEqual([]);
	await app.stop();
	expect(collector.faults).toEqual([]);
	expect(collector.spans).toHaveLength(1);
	expect(collector.spans[0]).toMatchObject({
		traceId: TRACE,
		resource: {
			"service.name": "gate",
			"service.version": "1.2.3",
			"service.instance.id": expect.stringMatching(/^[0-9a-f-]{36}$/),
			"deployment.environment.name": "test",
		},
		scope: { name: "postern", version: "1.2.3" },
	});
}, 30_000);

test("a collector that does not answer costs spans, and no call and no stop", async () => {
	const collector = await collecting();
	collector.silent = true;
	const app = await startApp({
		policy: ALLOW,
		yaml: `telemetry: {traces: {endpoint: "${collector.url}", max_queue_spans: 3, max_batch_spans: 1}}\n`,
	});
	for (let call = 0; call < 5; call++) expect((await app.check(sampled)).code).toBe(0);
	await until(() => collector.paths.length === 1);
	const { text } = await app.admin("/metrics");
	expect(text).toContain('postern_trace_spans_total{result="dropped"} 2');
	expect(text).toMatch(/postern_trace_queue_bytes [1-9]/);
	const begun = performance.now();
	await app.stop();
	expect(performance.now() - begun).toBeLessThan(8000);
}, 30_000);

test("traces that are off are sent nowhere", async () => {
	const collector = await collecting();
	const app = await startApp({
		policy: ALLOW,
		env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SDK_DISABLED: "true" },
	});
	await app.check(sampled);
	await app.stop();
	expect(collector.paths).toEqual([]);
}, 30_000);
