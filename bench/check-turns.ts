import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { makeWays } from "./check-ways.ts";

/** Checks of one turn. */
const BATCH = 1_000;
/** Longer than records wait for others. */
const FLUSHED_MS = 30;

/** A process that has one way to answer, as one that serves has: told to, it takes a turn and says what a call cost it. */
const [way] = process.argv.slice(2);
const { request, strict, recorded } = await makeWays();
const answer = way === "recorded" ? recorded : strict;

async function turn(): Promise<number> {
	const before = process.cpuUsage();
	for (let count = 0; count < BATCH; count++) answer(request);
	// What was recorded is written now, and what the runtime puts off is done: both count.
	await pause(FLUSHED_MS);
	const { user, system } = process.cpuUsage(before);
	return (user + system) / BATCH;
}

process.on("message", () => void turn().then((cost) => process.send?.({ cost })));
process.send?.("ready");
