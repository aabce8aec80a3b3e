import {
	createCounter,
	createGauge,
	createHistogram,
	createInfoGauge,
	type Rendered,
} from "./instruments.ts";
import { METRICS } from "./metric-table.ts";
import { createProcessMetrics } from "./process-metrics.ts";
import type { Metrics } from "./types.ts";

export interface MetricsRegistry {
	readonly metrics: Metrics;
	/** Called at each scrape, before values are read. */
	onScrape(refresh: () => void): void;
	/** The Prometheus text exposition. */
	render(): Promise<string>;
	readonly contentType: string;
}

/**
 * A registry of its own: nothing global, so that two apps can live in one process. `processMetrics` adds
 * process, garbage collection and event-loop metrics (`postern_process_…`, `postern_nodejs_…`).
 */
export function createMetrics(options: { readonly processMetrics: boolean }): MetricsRegistry {
	const ofProcess = options.processMetrics ? createProcessMetrics("postern_") : [];
	const refreshers: (() => void)[] = [];
	const metrics = {
		checks: createCounter(METRICS.checks),
		checkSeconds: createHistogram(METRICS.checkSeconds),
		ignoredKeys: createCounter(METRICS.ignoredKeys),
		projectionMismatches: createCounter(METRICS.projectionMismatches),
		memoAnswers: createCounter(METRICS.memoAnswers),
		memoEntries: createGauge(METRICS.memoEntries),
		memoBytes: createGauge(METRICS.memoBytes),
		policyReloads: createCounter(METRICS.policyReloads),
		policyInfo: createInfoGauge(METRICS.policyInfo),
		poisoned: createCounter(METRICS.poisoned),
		workerRestarts: createCounter(METRICS.workerRestarts),
		bodies: createCounter(METRICS.bodies),
		bodyBytes: createCounter(METRICS.bodyBytes),
		maskedFields: createCounter(METRICS.maskedFields),
		processSeconds: createHistogram(METRICS.processSeconds),
		unjudgedRequests: createCounter(METRICS.unjudgedRequests),
		streams: createGauge(METRICS.streams),
		laneConnections: createGauge(METRICS.laneConnections),
		laneErrors: createCounter(METRICS.laneErrors),
		tlsReloads: createCounter(METRICS.tlsReloads),
		tlsExpiry: createGauge(METRICS.tlsExpiry),
		tlsRefused: createCounter(METRICS.tlsRefused),
		adminRefused: createCounter(METRICS.adminRefused),
		auditRecords: createCounter(METRICS.auditRecords),
		auditQueueBytes: createGauge(METRICS.auditQueueBytes),
		limitsHit: createCounter(METRICS.limitsHit),
		spans: createCounter(METRICS.spans),
		spanQueueBytes: createGauge(METRICS.spanQueueBytes),
		tokenCache: createCounter(METRICS.tokenCache),
		keySetRefreshes: createCounter(METRICS.keySetRefreshes),
		keySetAge: createGauge(METRICS.keySetAge),
		ready: createGauge(METRICS.ready),
		buildInfo: createInfoGauge(METRICS.buildInfo),
	} satisfies { readonly [name in keyof Metrics]: Metrics[name] & Rendered };
	return {
		metrics,
		onScrape: (refresh) => {
			refreshers.push(refresh);
		},
		async render() {
			for (const refresh of refreshers) refresh();
			return [...ofProcess, ...Object.values(metrics)].map((each) => each.render()).join("\n");
		},
		contentType: "text/plain; version=0.0.4; charset=utf-8",
	};
}
