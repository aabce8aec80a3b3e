import type { FieldReport } from "../../src/fields/types.ts";

/** A report as the oracles count: `list path as`. */
export function flatReport(report: FieldReport): Map<string, number> {
	const counts = new Map<string, number>();
	for (const { path, count } of report.released) counts.set(`released ${path} `, count);
	for (const { path, as, count } of report.masked) counts.set(`masked ${path} ${as}`, count);
	for (const { path, count } of report.withheld) counts.set(`withheld ${path} `, count);
	return counts;
}

export function sortedReport(counts: ReadonlyMap<string, number>): unknown[] {
	return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}
