import type { Row } from "./experiment.ts";

const COLUMNS: readonly (readonly [string, (row: Row) => number | string])[] = [
	["Envoy's setting", ({ setting }) => setting.replaceAll(/\b[a-zA-Z]+_[a-zA-Z_]+\b/g, "`$&`")],
	["sent", ({ sent }) => sent],
	["refused by Envoy", ({ refusedByEnvoy }) => refusedByEnvoy],
	["refused before the policy", ({ refusedBefore }) => refusedBefore],
	["refused by the policy", ({ refusedByPolicy }) => refusedByPolicy],
	["passed", ({ passed }) => passed],
	["**passed, to `/admin`**", ({ reached }) => `**${reached.length}**`],
	["without Postern, judged raw", ({ rawWouldPass }) => rawWouldPass],
	["without Postern, judged decoded", ({ decodedWouldPass }) => decodedWouldPass],
];

/** The table for the page about paths. */
export function table(rows: readonly Row[]): string {
	const lines = [
		COLUMNS.map(([name]) => name),
		COLUMNS.map((_, at) => (at === 0 ? "---" : "---:")),
		...rows.map((row) => COLUMNS.map(([, cell]) => String(cell(row)))),
	];
	return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** One line for the terminal. */
export function line(row: Row): string {
	const { setting, sent, refusedByEnvoy, refusedBefore, refusedByPolicy, passed, reached } = row;
	return `${setting}: ${sent} sent, ${refusedByEnvoy} refused by Envoy, ${refusedBefore} before the policy, ${refusedByPolicy} refused by the policy, ${passed} passed, ${reached.length} of them to /admin (without Postern: ${row.rawWouldPass} judged raw, ${row.decodedWouldPass} judged decoded)`;
}
