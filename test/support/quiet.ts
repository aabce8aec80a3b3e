import type { Logger, Metrics } from "../../src/telemetry/types.ts";

/** A logger that keeps what it was told. */
export function memoryLog(): Logger & {
	readonly lines: { level: string; fields: object; message: string }[];
} {
	const lines: { level: string; fields: object; message: string }[] = [];
	const at = (level: string) => (fields: object, message: string) => {
		lines.push({ level, fields, message });
	};
	return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

export interface Counted {
	readonly name: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly value: number;
}

/** Metrics that keep every call. */
export function memoryMetrics(): { readonly metrics: Metrics; readonly counted: Counted[] } {
	const counted: Counted[] = [];
	const make = (name: string) => ({
		inc: (labels: Readonly<Record<string, string>> = {}, by = 1) => counted.push({ name, labels, value: by }),
		set: (value: number, labels: Readonly<Record<string, string>> = {}) =>
			counted.push({ name, labels, value }),
		observe: (value: number, labels: Readonly<Record<string, string>> = {}) =>
			counted.push({ name, labels, value }),
	});
	const metrics = new Proxy({} as Metrics, { get: (_target, name) => make(String(name)) });
	return { metrics, counted };
}
