import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { METRICS, type MetricSpec } from "./metric-table.ts";
import type { Metrics } from "./types.ts";

export interface MetricsRegistry {
	readonly metrics: Metrics;
	/** Called at each scrape, before values are read. */
	onScrape(refresh: () => void): void;
	/** The Prometheus text exposition. */
	render(): Promise<string>;
	readonly contentType: string;
}

type Labels = Readonly<Record<string, string>>;
const NONE: Labels = {};

/**
 * A registry of its own: nothing global, so that two apps can live in one process. `processMetrics` adds
 * process, garbage collection and event-loop metrics (`postern_process_…`, `postern_nodejs_…`).
 */
export function createMetrics(options: { readonly processMetrics: boolean }): MetricsRegistry {
	const registry = new Registry();
	if (options.processMetrics) collectDefaultMetrics({ register: registry, prefix: "postern_" });
	const refreshers: (() => void)[] = [];
	const metrics: Metrics = {
		checks: counter(registry, METRICS.checks),
		checkSeconds: histogram(registry, METRICS.checkSeconds),
		ignoredKeys: counter(registry, METRICS.ignoredKeys),
		projectionMismatches: counter(registry, METRICS.projectionMismatches),
		policyReloads: counter(registry, METRICS.policyReloads),
		policyInfo: infoGauge(registry, METRICS.policyInfo),
		bodies: counter(registry, METRICS.bodies),
		bodyBytes: counter(registry, METRICS.bodyBytes),
		maskedFields: counter(registry, METRICS.maskedFields),
		processSeconds: histogram(registry, METRICS.processSeconds),
		streams: gauge(registry, METRICS.streams),
		laneConnections: gauge(registry, METRICS.laneConnections),
		laneErrors: counter(registry, METRICS.laneErrors),
		auditRecords: counter(registry, METRICS.auditRecords),
		auditQueueBytes: gauge(registry, METRICS.auditQueueBytes),
		limitsHit: counter(registry, METRICS.limitsHit),
		tokenCache: counter(registry, METRICS.tokenCache),
		keySetRefreshes: counter(registry, METRICS.keySetRefreshes),
		keySetAge: gauge(registry, METRICS.keySetAge),
		ready: gauge(registry, METRICS.ready),
		buildInfo: infoGauge(registry, METRICS.buildInfo),
	};
	return {
		metrics,
		onScrape: (refresh) => {
			refreshers.push(refresh);
		},
		render: () => {
			for (const refresh of refreshers) refresh();
			return registry.metrics();
		},
		contentType: registry.contentType,
	};
}

/** prom-client throws at a label it does not know; a metric must never fail the call that it counts. */
function declared(spec: MetricSpec, labels: Labels): Record<string, string> {
	const known: Record<string, string> = {};
	for (const name of spec.labels) known[name] = labels[name] ?? "";
	return known;
}

function counter(registry: Registry, spec: MetricSpec): Metrics["checks"] {
	const { name, help, labels: labelNames } = spec;
	const inner = new Counter({ name, help, labelNames: [...labelNames], registers: [registry] });
	return { inc: (labels = NONE, by = 1) => inner.inc(declared(spec, labels), by) };
}

function gauge(registry: Registry, spec: MetricSpec): Metrics["streams"] {
	const { name, help, labels: labelNames } = spec;
	const inner = new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
	return { set: (value, labels = NONE) => inner.set(declared(spec, labels), value) };
}

/** A gauge of which only the last set of labels stands: the revision before is gone. */
function infoGauge(registry: Registry, spec: MetricSpec): Metrics["policyInfo"] {
	const { name, help, labels: labelNames } = spec;
	const inner = new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
	return {
		set: (value, labels = NONE) => {
			inner.reset();
			inner.set(declared(spec, labels), value);
		},
	};
}

function histogram(registry: Registry, spec: MetricSpec): Metrics["checkSeconds"] {
	const { name, help, labels: labelNames, buckets = [] } = spec;
	const inner = new Histogram({
		name,
		help,
		labelNames: [...labelNames],
		buckets: [...buckets],
		registers: [registry],
	});
	return { observe: (value, labels = NONE) => inner.observe(declared(spec, labels), value) };
}
