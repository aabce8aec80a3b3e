import type { PathEntry } from "./path-tree.ts";
import type { Tally } from "./tally.ts";
import type { FieldReport, MaskedEntry, ReportEntry } from "./types.ts";

/** The report of one body: sorted by path, then by strategy; names and counts, never a value. */
export function buildReport(tally: Tally): FieldReport {
	const released: ReportEntry[] = [];
	const masked: MaskedEntry[] = [];
	const withheld: ReportEntry[] = [];
	for (const { entry, count } of tally.listed().sort(byPath)) {
		const { list, path, as } = entry;
		if (list === "masked") {
			const unchanged = tally.unchanged(entry);
			masked.push(unchanged > 0 ? { path, as, count, unchanged } : { path, as, count });
		} else (list === "released" ? released : withheld).push({ path, count });
	}
	return {
		released,
		masked,
		withheld,
		unknown: tally.unknown().sort((a, b) => order(a.path, b.path)),
		detected: [],
		truncated: tally.truncated,
	};
}

interface Listed {
	readonly entry: PathEntry;
	readonly count: number;
}

function byPath(a: Listed, b: Listed): number {
	return order(a.entry.path, b.entry.path) || order(a.entry.as, b.entry.as);
}

function order(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
