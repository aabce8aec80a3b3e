/**
 * `npm run bench:servers -- [--peer NAME=COMMAND]...`: Postern and any other ext_authz servers over the same calls, in one
 * run. Prints tables in Markdown, and the bars against the last peer; exits 1 where one is missed.
 */
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { OWN, peer } from "./ruler/contenders.ts";
import { barTable, judged, rowsOf, tables } from "./ruler/report.ts";
import { runRuler } from "./ruler/run.ts";

const { values } = parseArgs({
	options: {
		peer: { type: "string", multiple: true, default: [] },
		against: { type: "string" },
		only: { type: "string", multiple: true, default: [] },
		rounds: { type: "string", default: "5" },
		seconds: { type: "string", default: "2" },
		rate: { type: "string", default: "1000" },
		"envoy-rate": { type: "string", default: "500" },
		json: { type: "string" },
	},
});
if (process.platform !== "linux") {
	process.stderr.write("CPU time of processes is read from /proc: this needs Linux\n");
	process.exit(3);
}
const peers = values.peer.map(peer);
const against = values.against ?? peers.at(-1)?.name;
const [cpu] = cpus();
const started = Date.now();
process.stdout.write(`Node ${process.versions.node}, ${cpus().length} × ${cpu?.model.trim() ?? "unknown"}\n`);
const results = await runRuler({
	contenders: [...OWN, ...peers],
	only: values.only,
	rounds: Number(values.rounds),
	seconds: Number(values.seconds),
	rate: Number(values.rate),
	envoyRate: Number(values["envoy-rate"]),
	progress: (text) =>
		process.stderr.write(`${text}: done after ${((Date.now() - started) / 1000).toFixed(0)} s\n`),
});
const rows = rowsOf(results);
process.stdout.write(`\n${tables(rows, against)}\n`);
const bars = against === undefined ? [] : judged(rows, against);
if (against !== undefined) process.stdout.write(`\n${barTable(bars, against)}\n`);
if (values.json !== undefined)
	await writeFile(values.json, `${JSON.stringify({ rows, bars }, undefined, "\t")}\n`);
process.exitCode = bars.every(({ held }) => held) ? 0 : 1;
