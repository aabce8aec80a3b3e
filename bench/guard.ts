/**
 * `npm run bench:guard`: the cheap part of the benchmarks, ratios between ways of one run alone, with bounds so wide that
 * only a fall by about half is seen. Exits 1 then.
 */
import process from "node:process";
import { inProcessLines } from "./check.ts";
import { makeWays } from "./check-ways.ts";
import { megabyteLine } from "./scanner.ts";
import { transportBench } from "./transports.ts";

interface Guard {
	readonly what: string;
	readonly ratio: number | undefined;
	/** The ratio that is met in practice, for who reads the output. */
	readonly usual: number;
	readonly least?: number;
	readonly most?: number;
}

const inProcess = await inProcessLines(await makeWays());
const transports = await transportBench("Check, RBAC object", 3);
const guards: readonly Guard[] = [
	{
		what: "CPU of a Check in process, against the naive way",
		ratio: inProcess.find(({ name }) => name === "CPU per Check, in process")?.ratio,
		usual: 0.4,
		most: 0.85,
	},
	{
		what: "masking 1 MB, against parse, change and stringify",
		ratio: megabyteLine().ratio,
		usual: 2.8,
		least: 1.4,
	},
	{
		what: "CPU of a Check over the lane, against grpc-js",
		ratio: transports.find(({ name }) => name === "Check, RBAC object: CPU per call, lane")?.ratio,
		usual: 0.3,
		most: 0.7,
	},
];
let fallen = 0;
for (const { what, ratio = Number.NaN, usual, least, most } of guards) {
	const good = ratio >= (least ?? 0) && ratio <= (most ?? Number.POSITIVE_INFINITY);
	if (!good) fallen += 1;
	const bound = least === undefined ? `at most ${most}` : `at least ${least}`;
	process.stdout.write(
		`${good ? "good  " : "FALLEN"}  ${what}: ${ratio.toFixed(2)} (usually ${usual}, ${bound})\n`,
	);
}
process.exit(fallen === 0 ? 0 : 1);
