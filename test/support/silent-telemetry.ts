import type { Counter, Logger } from "../../src/telemetry/types.ts";

export interface Silent {
	readonly log: Logger;
	/** Every line that was logged, as JSON. */
	readonly lines: readonly string[];
	/** A counter that keeps its values by the text of its labels' values. */
	counter(): Counter & { readonly values: Readonly<Record<string, number>> };
}

/** A logger and counters that keep what they are given. */
export function createSilentTelemetry(): Silent {
	const lines: string[] = [];
	const keep =
		(level: string) =>
		(fields: Readonly<Record<string, unknown>>, message: string): void => {
			lines.push(JSON.stringify({ level, ...fields, message }));
		};
	return {
		lines,
		log: { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") },
		counter() {
			const values: Record<string, number> = {};
			return {
				values,
				inc(labels = {}, by = 1) {
					const key = Object.values(labels).join(",");
					values[key] = (values[key] ?? 0) + by;
				},
			};
		},
	};
}
