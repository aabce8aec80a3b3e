/** One finished span of ours, under a caller's. */
export interface Span {
	/** 32 hexadecimal digits. */
	readonly traceId: string;
	/** 16 hexadecimal digits. */
	readonly spanId: string;
	readonly parentId: string;
	readonly name: string;
	/** Wall clock, milliseconds since 1970. */
	readonly endMs: number;
	readonly durationMs: number;
	/** Undefined: left out. */
	readonly attributes: Readonly<Record<string, string | undefined>>;
	readonly failed: boolean;
}

/** Where spans go. Never throws, never waits. */
export interface SpanSink {
	/** A new span id. */
	readonly newId: () => string;
	record(span: Span): void;
}
