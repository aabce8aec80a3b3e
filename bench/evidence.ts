import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { BenchLine } from "./types.ts";

/** Turns that warm up, and those that count. */
const WARM = 20;
const TURNS = 100;

/**
 * What it costs to tell of a Check: its id, its metrics and its record. Two processes take turns, one that answers and one
 * that tells too; the best turn of each counts.
 */
export async function evidenceLine(): Promise<BenchLine> {
	const ways = await Promise.all(["strict", "recorded"].map(start));
	try {
		const best = ways.map(() => Number.POSITIVE_INFINITY);
		for (let turn = 0; turn < WARM + TURNS; turn++)
			for (const [index, way] of ways.entries()) {
				const cost = await take(way);
				if (turn >= WARM) best[index] = Math.min(best[index] as number, cost);
			}
		const [answered = 0, told = 0] = best;
		return {
			name: "id, metrics and record of a Check, together",
			value: Math.round((told - answered) * 10) / 10,
			unit: "µs",
		};
	} finally {
		for (const way of ways) way.disconnect();
	}
}

async function start(way: string): Promise<ChildProcess> {
	const child = fork(join(import.meta.dirname, "check-turns.ts"), [way], { execArgv: ["--no-warnings"] });
	await once(child, "message");
	return child;
}

/** Microseconds of a call. */
async function take(way: ChildProcess): Promise<number> {
	const answer = once(way, "message");
	way.send("turn");
	const [{ cost }] = (await answer) as [{ cost: number }];
	return cost;
}
