import type { Tally } from "./tally.ts";
import type { FieldReport, ReportEntry } from "./types.ts";

/** The report of one body: sorted by path, then by strategy; names and counts, never a value. */
export function buildReport(tally: Tally): FieldReport {
	const merged = new Map<string, { list: string; path: string; as: string; count: number }>();
	for (const { entry, count } of tally.listed()) {
		const key = `${entry.list} ${entry.as} ${entry.path}`;
		const known = merged.get(key);
		if (known === undefined) merged.set(key, { ...entry, count });
		else known.count += count;
	}
	const sorted = [...merged.values()].sort((a, b) => order(a.path, b.path) || order(a.as, b.as));
	const plain = (list: string): ReportEntry[] =>
		sorted.filter((e) => e.list === list).map(({ path, count }) => ({ path, count }));
	return {
		released: plain("released"),
		masked: sorted.filter((e) => e.list === "masked").map(({ path, as, count }) => ({ path, as, count })),
		withheld: plain("withheld"),
		unknown: [],
		detected: [],
		truncated: tally.truncated,
	};
}

/** What a body that nothing was counted of reports. */
export const EMPTY_REPORT: FieldReport = {
	released: [],
	masked: [],
	withheld: [],
	unknown: [],
	detected: [],
	truncated: false,
};

function order(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
