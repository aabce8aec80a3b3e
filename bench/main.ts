/**
 * `npm run bench`: prints every measurement with its ratio to the naive way of the same run, then the bars, and exits
 * 1 where one is missed. The ratios are what counts: figures of different machines do not compare.
 */
import { cpus } from "node:os";
import process from "node:process";
import { answersBench } from "./answers.ts";
import { checkBench } from "./check.ts";
import { grpcMaskingBench } from "./grpc-masking.ts";
import { scannerBench } from "./scanner.ts";
import type { BenchLine } from "./types.ts";

/** What the project promises of itself, checked in every run. */
interface Bar {
	readonly promise: string;
	/** Lines that the promise is about; a bar without a line is missed. */
	readonly about: (line: BenchLine) => boolean;
	readonly holds: (line: BenchLine) => boolean;
}

const BARS: readonly Bar[] = [
	{
		promise: "a Check takes at most 0.7 of the CPU of the naive way, in either profile",
		about: ({ name, ratio }) => /^(?:CPU per Check|strict profile)/.test(name) && ratio !== undefined,
		holds: ({ ratio = Number.POSITIVE_INFINITY }) => ratio <= 0.7,
	},
	{
		promise: "1 MB is masked at least twice as fast as by parse, change and stringify",
		about: ({ name }) => name === "scanner, 1 MB minified, 3 selectors",
		holds: ({ ratio = 0 }) => ratio >= 2,
	},
	{
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

async function section(
	title: string,
	bench: () => Promise<readonly BenchLine[]>,
): Promise<readonly BenchLine[]> {
	process.stdout.write(`\n${title}\n`);
	const lines = await bench();
	process.stdout.write(`${table(lines)}\n`);
	return lines;
}

const [cpu] = cpus();
process.stdout.write(`Node ${process.versions.node}, ${cpus().length} × ${cpu?.model.trim() ?? "unknown"}\n`);
const lines = [
	...(await section("Authorization/Check: CPU per call; less is better", checkBench)),
	...(await section("Masking: throughput against parse, change and stringify; more is better", scannerBench)),
	...(await section("Masking gRPC messages: throughput; more is better", grpcMaskingBench)),
	...(await section("Answers through Envoy: CPU per answer; less is better", answersBench)),
];

process.stdout.write("\nBars\n");
let missed = 0;
for (const { promise, about, holds } of BARS) {
	const concerned = lines.filter(about);
	const held = concerned.length > 0 && concerned.every(holds);
	if (!held) missed += 1;
	process.stdout.write(`  ${held ? "held  " : "MISSED"}  ${promise}\n`);
}
process.exit(missed === 0 ? 0 : 1);
