/**
 * `npm run bench [-- SECTION...]`: prints every measurement with its ratio to the naive way, or to a peer, of the same
 * run, then the bars, and exits 1 where one is missed. The ratios are what counts: figures of different machines do not
 * compare.
 *
 * `--peer NAME=HOST:PORT` or `--peer "NAME=[VARIABLE=VALUE ...] COMMAND ..."` with `{port}`, `{aux_port}`, `{policy}`,
 * `{data}` and `{entrypoint}` adds an ext_authz server to the section `servers`; `--only`, `--rounds`, `--seconds`,
 * `--rate`, `--envoy-rate` and `--against` concern it too. `--json FILE` writes everything.
 */
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { answersBench } from "./answers.ts";
import { checkBench } from "./check.ts";
import { grpcMaskingBench } from "./grpc-masking.ts";
import { scannerBench } from "./scanner.ts";
import { serversBench } from "./servers.ts";
import { transportBench } from "./transports.ts";
import type { BenchLine } from "./types.ts";

/** What the project promises of itself, checked in every run. */
interface Bar {
	readonly section: string;
	readonly promise: string;
	/** Lines that the promise is about; a bar without a line is missed. */
	readonly about: (line: BenchLine) => boolean;
	readonly holds: (line: BenchLine) => boolean;
}

const BARS: readonly Bar[] = [
	{
		section: "check",
		promise: "a Check takes at most 0.7 of the CPU of the naive way, in either profile",
		about: ({ name, ratio }) => /^(?:CPU per Check|strict profile)/.test(name) && ratio !== undefined,
		holds: ({ ratio = Number.POSITIVE_INFINITY }) => ratio <= 0.7,
	},
	{
		section: "check",
		promise: "id, metrics and record of a Check cost at most 5 µs together",
		about: ({ name }) => name.startsWith("id, metrics and record"),
		holds: ({ value }) => value <= 5,
	},
	{
		section: "masking",
		promise: "1 MB is masked at least twice as fast as by parse, change and stringify",
		about: ({ name }) => name === "scanner, 1 MB minified, 3 selectors",
		holds: ({ ratio = 0 }) => ratio >= 2,
	},
	{
		section: "masking",
		promise: "100 MB go through without memory growing by more than 16 MB",
		about: ({ name, unit }) => name.startsWith("scanner, growth of memory") && unit === "MB",
		holds: ({ value }) => value <= 16,
	},
];

function digits(value: number): string {
	return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

function table(lines: readonly BenchLine[]): string {
	const rows = lines.map(({ name, value, unit, ratio }) => ({
		name,
		value: digits(value),
		unit,
		ratio: ratio === undefined ? "" : `× ${ratio.toFixed(2)}`,
	}));
	const width = (key: "name" | "value" | "unit") => Math.max(...rows.map((row) => row[key].length));
	return rows
		.map((row) => {
			const value = `${row.value.padStart(width("value"))} ${row.unit.padEnd(width("unit"))}`;
			return `  ${row.name.padEnd(width("name"))}  ${value}  ${row.ratio}`.trimEnd();
		})
		.join("\n");
}

const SECTIONS: Readonly<Record<string, readonly [string, () => Promise<readonly BenchLine[]>]>> = {
	check: ["Authorization/Check: CPU per call; less is better", checkBench],
	masking: ["Masking: throughput against parse, change and stringify; more is better", scannerBench],
	grpc: ["Masking gRPC messages: throughput; more is better", grpcMaskingBench],
	answers: ["Answers through Envoy: CPU per answer; less is better", answersBench],
	transports: ["Transports, Postern as it is shipped; less is better", transportBench],
};
const SERVERS = "servers";

const { values, positionals } = parseArgs({
	allowPositionals: true,
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
const known = [...Object.keys(SECTIONS), SERVERS];
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
	process.stderr.write(`no section ${unknown.join(", ")}; there are ${known.join(", ")}\n`);
	process.exit(2);
}
const wanted = (name: string): boolean => positionals.length === 0 || positionals.includes(name);

const [cpu] = cpus();
process.stdout.write(`Node ${process.versions.node}, ${cpus().length} × ${cpu?.model.trim() ?? "unknown"}\n`);
const lines: BenchLine[] = [];
for (const [name, [title, bench]] of Object.entries(SECTIONS)) {
	if (!wanted(name)) continue;
	process.stdout.write(`\n${title}\n`);
	const measured = await bench();
	process.stdout.write(`${table(measured)}\n`);
	lines.push(...measured);
}
const judgedLines = BARS.filter(({ section }) => wanted(section));
let missed = 0;
if (judgedLines.length > 0) process.stdout.write("\nBars\n");
for (const { promise, about, holds } of judgedLines) {
	const concerned = lines.filter(about);
	const held = concerned.length > 0 && concerned.every(holds);
	if (!held) missed += 1;
	process.stdout.write(`  ${held ? "held  " : "MISSED"}  ${promise}\n`);
}
if (wanted(SERVERS)) {
	process.stdout.write("\nServers over gRPC, direct and through Envoy\n\n");
	const { peer, only, against } = values;
	const servers = await serversBench({
		peer,
		only,
		rounds: Number(values.rounds),
		seconds: Number(values.seconds),
		rate: Number(values.rate),
		envoyRate: Number(values["envoy-rate"]),
		...(against === undefined ? {} : { against }),
	});
	missed += servers?.bars.filter(({ held }) => !held).length ?? 0;
	if (values.json !== undefined)
		await writeFile(values.json, `${JSON.stringify({ lines, servers }, undefined, "\t")}\n`);
} else if (values.json !== undefined)
	await writeFile(values.json, `${JSON.stringify({ lines }, undefined, "\t")}\n`);
process.exit(missed === 0 ? 0 : 1);
