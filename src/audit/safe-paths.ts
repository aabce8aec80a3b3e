import type { FieldReport, ReportEntry } from "../fields/types.ts";

/** Longest path of a record, in bytes of UTF-8. */
const MAX_PATH_BYTES = 512;
/** A member name that cannot be data in disguise: no spaces, no digits first, no mail address, no key of a map. */
const PLAIN = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
/** One segment of a normalised path: `.name`, `.*`, `[*]`, `[0]`, `['any name']`. */
const SEGMENT = /\.\*|\.([^.[\]']+)|\[(?:\*|\d+)\]|\['((?:[^'\\]|\\(?:u[0-9a-fA-F]{4}|[^u]))*)'\]/uy;
const ESCAPES: ReadonlyMap<string, string> = new Map([
	["b", "\b"],
	["t", "\t"],
	["n", "\n"],
	["f", "\f"],
	["r", "\r"],
]);

/**
 * The report as it may be written down. Member names are data (a map keyed by mail addresses): one that is neither
 * in `knownNames` (those that the directive or the contract spells out) nor plain is written `.*`. Paths over 512
 * bytes end in `..*`. Entries that become the same are united, their counts added: totals stay exact.
 */
export function safeReport(report: FieldReport, knownNames: ReadonlySet<string>): FieldReport {
	const safe = (path: string): string => safePath(path, knownNames);
	return {
		released: unite(report.released, safe, () => ""),
		masked: unite(report.masked, safe, (entry) => entry.as),
		withheld: unite(report.withheld, safe, () => ""),
		unknown: unite(report.unknown, safe, () => ""),
		detected: unite(report.detected, safe, (entry) => entry.detector),
		truncated: report.truncated,
	};
}

/** One normalised path, made safe. A path that cannot be read becomes `$..*`: it might hold anything. */
function safePath(path: string, knownNames: ReadonlySet<string>): string {
	if (!path.startsWith("$")) return "$..*";
	let out = "$";
	let bytes = 1;
	SEGMENT.lastIndex = 1;
	while (SEGMENT.lastIndex < path.length) {
		const match = SEGMENT.exec(path);
		if (match === null) return "$..*";
		const segment = safeSegment(match, knownNames);
		bytes += Buffer.byteLength(segment);
		if (bytes > MAX_PATH_BYTES - 3) return `${out}..*`;
		out += segment;
	}
	return out;
}

function safeSegment(match: RegExpExecArray, knownNames: ReadonlySet<string>): string {
	const [whole, short, quoted] = match;
	const name = short ?? (quoted === undefined ? undefined : unescapeName(quoted));
	if (name === undefined || PLAIN.test(name) || knownNames.has(name)) return whole;
	return ".*";
}

function unescapeName(quoted: string): string {
	return quoted.replace(
		/\\(?:u([0-9a-fA-F]{4})|(.))/gsu,
		(_whole, hex: string | undefined, char: string | undefined) =>
			hex === undefined
				? (ESCAPES.get(char ?? "") ?? char ?? "")
				: String.fromCharCode(Number.parseInt(hex, 16)),
	);
}

function unite<E extends ReportEntry>(
	entries: readonly E[],
	safe: (path: string) => string,
	kindOf: (entry: E) => string,
): E[] {
	const united = new Map<string, E>();
	for (const entry of entries) {
		const path = safe(entry.path);
		const key = `${path}\0${kindOf(entry)}`;
		const same = united.get(key);
		united.set(key, { ...entry, path, count: entry.count + (same?.count ?? 0) });
	}
	return [...united.values()];
}
