/** Operational log; one JSON line per call. Never a header value, body or token. */
export interface Logger {
	debug(fields: Readonly<Record<string, unknown>>, message: string): void;
	info(fields: Readonly<Record<string, unknown>>, message: string): void;
	warn(fields: Readonly<Record<string, unknown>>, message: string): void;
	error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface Counter {
	inc(labels?: Readonly<Record<string, string>>, by?: number): void;
}
export interface Gauge {
	set(value: number, labels?: Readonly<Record<string, string>>): void;
}
export interface Histogram {
	/** Base units: seconds, bytes. */
	observe(value: number, labels?: Readonly<Record<string, string>>): void;
}

/** Every metric of the process, each declared once in `telemetry/metrics.ts`. Labels come from sets known at load. */
export interface Metrics {
	readonly checks: Counter;
	readonly checkSeconds: Histogram;
	readonly ignoredKeys: Counter;
	readonly projectionMismatches: Counter;
	readonly memoAnswers: Counter;
	readonly memoEntries: Gauge;
	readonly memoBytes: Gauge;
	readonly policyReloads: Counter;
	readonly policyInfo: Gauge;
	readonly poisoned: Counter;
	readonly workerRestarts: Counter;
	readonly bodies: Counter;
	readonly bodyBytes: Counter;
	readonly maskedFields: Counter;
	readonly processSeconds: Histogram;
	readonly unjudgedRequests: Counter;
	readonly streams: Gauge;
	readonly laneConnections: Gauge;
	readonly laneErrors: Counter;
	readonly tlsReloads: Counter;
	readonly tlsExpiry: Gauge;
	readonly tlsRefused: Counter;
	readonly adminRefused: Counter;
	readonly auditRecords: Counter;
	readonly auditQueueBytes: Gauge;
	readonly limitsHit: Counter;
	readonly spans: Counter;
	readonly spanQueueBytes: Gauge;
	readonly tokenCache: Counter;
	readonly keySetRefreshes: Counter;
	readonly keySetAge: Gauge;
	readonly ready: Gauge;
	readonly buildInfo: Gauge;
}
