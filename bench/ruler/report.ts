import type { Measured } from "./run.ts";
import { undisturbed, type Window } from "./windows.ts";

/** One row: medians, and how far single windows lay apart. */
export interface Row {
	readonly scenario: string;
	readonly through: "direct" | "envoy";
	readonly contender: string;
	/** CPU time of the server for one call under load, µs: median, least, most. */
	readonly cpu: readonly [number, number, number];
	readonly envoyCpu?: number;
	/** Calls a second when each follows the one before. */
	readonly most: readonly [number, number, number];
	/** µs, under that load. */
	readonly p50: number;
	readonly p99: number;
	/** µs at the fixed rate. */
	readonly rate: { readonly p50: number; readonly p99: number; readonly p999: number; readonly cpu: number };
	readonly rss: number;
	/** Windows that nobody disturbed, of all. */
	readonly windows: readonly [number, number];
	/** Calls that did not end well. */
	readonly failed: number;
}

function median(values: readonly number[]): number {
	const sorted = [...values].sort((left, right) => left - right);
	return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function spread(
	windows: readonly Window[],
	of: (window: Window) => number,
): readonly [number, number, number] {
	const values = windows.map(of);
	return [median(values), Math.min(...values), Math.max(...values)];
}

export function rowsOf(results: readonly Measured[]): readonly Row[] {
	return results.map(({ scenario, through, contender, closed, open }) => {
		const quiet = undisturbed(closed);
		const fixed = undisturbed(open);
		const envoy = quiet.flatMap(({ envoyCpu }) => (envoyCpu === undefined ? [] : [envoyCpu]));
		return {
			scenario,
			through,
			contender,
			cpu: spread(quiet, ({ cpu }) => cpu),
			...(envoy.length === 0 ? {} : { envoyCpu: median(envoy) }),
			most: spread(quiet, ({ calls, seconds }) => calls / seconds),
			p50: median(quiet.map(({ p50 }) => p50)),
			p99: median(quiet.map(({ p99 }) => p99)),
			rate: {
				p50: median(fixed.map(({ p50 }) => p50)),
				p99: median(fixed.map(({ p99 }) => p99)),
				p999: median(fixed.map(({ p999 }) => p999)),
				cpu: median(fixed.map(({ cpu }) => cpu)),
			},
			rss: median(quiet.map(({ rss }) => rss)),
			windows: [closed.filter((each) => quiet.includes(each)).length, closed.length],
			failed: [...quiet, ...fixed].reduce((sum, window) => sum + window.failed, 0),
		};
	});
}

const count = (value: number, digits = 0): string =>
	Number.isNaN(value)
		? "–"
		: value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const range = ([middle, least, most]: readonly [number, number, number], digits = 0): string =>
	`${count(middle, digits)} (${count(least, digits)}–${count(most, digits)})`;

/** Tables in Markdown, one for each scenario; ratios against the row named `against`. */
export function tables(rows: readonly Row[], against: string | undefined): string {
	const groups = new Map<string, Row[]>();
	for (const row of rows) {
		const title = `${row.scenario}, ${row.through === "direct" ? "direct" : "through Envoy"}`;
		groups.set(title, [...(groups.get(title) ?? []), row]);
	}
	return [...groups]
		.map(([title, members]) => {
			const base = members.find(({ contender }) => contender === against);
			const lines = members.map((row) => {
				const ratio = base === undefined || base === row ? "" : `× ${count(row.cpu[0] / base.cpu[0], 3)}`;
				const cells = [
					row.contender,
					range(row.cpu, 1),
					ratio,
					...(row.envoyCpu === undefined ? [] : [count(row.envoyCpu, 1)]),
					range(row.most),
					count(row.p50),
					count(row.p99),
					`${count(row.rate.p50)} / ${count(row.rate.p99)} / ${count(row.rate.p999)}`,
					count(row.rss / 2 ** 20),
					row.windows.join("/") + (row.failed === 0 ? "" : `, **${row.failed} calls failed**`),
				];
				return `| ${cells.join(" | ")} |`;
			});
			const heads = [
				"server",
				"CPU µs/call",
				"ratio",
				...(members.some(({ envoyCpu }) => envoyCpu !== undefined) ? ["Envoy's µs/call"] : []),
				"calls/s",
				"p50 µs",
				"p99 µs",
				"fixed rate p50 / p99 / p99.9 µs",
				"RSS MB",
				"windows",
			];
			return [
				`### ${title}`,
				"",
				`| ${heads.join(" | ")} |`,
				`|${heads.map(() => "---|").join("")}`,
				...lines,
			].join("\n");
		})
		.join("\n\n");
}

interface Bar {
	readonly what: string;
	readonly scenario: string;
	readonly through: "direct" | "envoy";
	readonly contender: string;
	readonly of: (row: Row) => number;
	readonly bar: number;
	readonly aim: number;
	/** More is better. */
	readonly more?: boolean;
}

const CPU = (row: Row): number => row.cpu[0];

/** What the project promises of itself against the plugin, in the same run. */
const BARS: readonly Bar[] = [
	{ what: "NOP", scenario: "NOP", through: "direct", contender: "Postern", of: CPU, bar: 0.55, aim: 0.1 },
	{
		what: "RBAC boolean",
		scenario: "RBAC boolean",
		through: "direct",
		contender: "Postern",
		of: CPU,
		bar: 0.15,
		aim: 0.04,
	},
	{
		what: "RBAC object",
		scenario: "RBAC object",
		through: "direct",
		contender: "Postern",
		of: CPU,
		bar: 0.15,
		aim: 0.05,
	},
	{
		what: "RBAC object, memo hits",
		scenario: "RBAC object",
		through: "direct",
		contender: "Postern, memo",
		of: CPU,
		bar: 0.12,
		aim: 0.03,
	},
	{
		what: "JWT RS256 seen before",
		scenario: "JWT RS256 seen before",
		through: "direct",
		contender: "Postern",
		of: CPU,
		bar: 0.15,
		aim: 0.04,
	},
	{
		what: "p99 under load, RBAC object",
		scenario: "RBAC object",
		through: "direct",
		contender: "Postern",
		of: ({ p99 }) => p99,
		bar: 0.4,
		aim: 0.1,
	},
	{
		what: "most calls/s through Envoy on a shared core, RBAC object",
		scenario: "RBAC object",
		through: "envoy",
		contender: "Postern",
		of: ({ most }) => most[0],
		bar: 3,
		aim: 4.5,
		more: true,
	},
];

export interface BarResult {
	readonly what: string;
	readonly ratio: number;
	readonly held: boolean;
	readonly aimed: boolean;
	readonly bar: number;
	readonly aim: number;
}

/** The bars whose scenario was run. */
export function judged(rows: readonly Row[], against: string): readonly BarResult[] {
	return BARS.flatMap(({ what, scenario, through, contender, of, bar, aim, more = false }) => {
		const find = (name: string): Row | undefined =>
			rows.find((row) => row.scenario === scenario && row.through === through && row.contender === name);
		const own = find(contender);
		const other = find(against);
		if (own === undefined || other === undefined) return [];
		const ratio = of(own) / of(other);
		const reaches = (limit: number): boolean => (more ? ratio >= limit : ratio <= limit);
		return [{ what, ratio, held: reaches(bar), aimed: reaches(aim), bar, aim }];
	});
}

export function barTable(results: readonly BarResult[], against: string): string {
	const lines = results.map(
		({ what, ratio, held, aimed, bar, aim }) =>
			`| ${what} | ${count(ratio, 3)} | ${bar} | ${aim} | ${held ? (aimed ? "aim reached" : "held") : "**missed**"} |`,
	);
	return [`| against ${against} | ratio | bar | aim | |`, "|---|---|---|---|---|", ...lines].join("\n");
}
