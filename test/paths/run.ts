/**
 * `npm run test:paths`: sends every path of the traversal lists through the real Envoy under each of its settings, and
 * writes what became of them into docs/reference/paths.md. Exits 1 where one reached what it must not.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { corporaDir } from "../support/corpora.ts";
import { ROOT } from "../support/source-tree.ts";
import { listedPaths, OWN_PATHS } from "./attack-paths.ts";
import { type Row, SETTING_NAMES, startExperiment } from "./experiment.ts";
import { line, table } from "./report.ts";

const START = "<!-- paths: written by `npm run test:paths` -->";
const END = "<!-- paths: end -->";
const PAGE = join(ROOT, "docs", "reference", "paths.md");

const corpora = corporaDir();
if (corpora === undefined) {
	process.exitCode = 3;
} else {
	const paths = [...new Set([...OWN_PATHS, ...listedPaths(corpora)])];
	const experiment = await startExperiment();
	const rows: Row[] = [];
	for (const setting of SETTING_NAMES) {
		const row = await experiment.run(setting, paths);
		rows.push(row);
		process.stdout.write(`${line(row)}\n`);
	}
	await experiment.close();
	const page = readFileSync(PAGE, "utf8");
	const from = page.indexOf(START);
	const to = page.indexOf(END);
	if (from < 0 || to < from) throw new Error(`${PAGE} has no place for the table`);
	writeFileSync(PAGE, `${page.slice(0, from)}${START}\n\n${table(rows)}\n\n${page.slice(to)}`);
	const wrong = rows.flatMap(({ setting, reached, changed }) =>
		[...reached, ...changed].map((path) => `${setting}: ${path}`),
	);
	for (const one of wrong) process.stdout.write(`${one}\n`);
	process.exitCode = wrong.length === 0 ? 0 : 1;
}
