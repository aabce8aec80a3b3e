import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const GRACE_MS = 10_000;

/**
 * Where one part of the run does its work: a folder, processes that end with it, and what was seen.
 *
 * @typedef {ReturnType<typeof createStage>} Stage
 */

/**
 * @param {string} folder
 * @param {(text: string) => void} say
 */
export function createStage(folder, say) {
	mkdirSync(folder, { recursive: true });
	/** @type {import("node:child_process").ChildProcess[]} */
	const children = [];
	/** @type {boolean[]} */
	const results = [];

	/** @param {import("node:child_process").ChildProcess} child */
	async function stop(child) {
		if (child.exitCode !== null || child.signalCode !== null) return;
		const ended = new Promise((resolve) => child.on("close", resolve));
		child.kill("SIGTERM");
		const patience = sleep(GRACE_MS, undefined, { ref: false }).then(() => child.kill("SIGKILL"));
		await Promise.race([ended, patience.then(() => ended)]);
	}

	return {
		folder,
		say,
		results,
		stop,

		/**
		 * One thing that must be so.
		 *
		 * @param {string} name
		 * @param {boolean} good
		 * @param {unknown} [seen] shown where it is not
		 */
		verdict(name, good, seen) {
			results.push(good);
			say(`${good ? "ok   " : "FAIL "} ${name}${good ? "" : `: ${JSON.stringify(seen)}`}`);
		},

		/**
		 * Starts a program that runs until the stage ends; what it prints goes to `LOG.log`.
		 *
		 * @param {string} log
		 * @param {string} program
		 * @param {readonly string[]} args
		 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
		 */
		start(log, program, args, { cwd = folder, env = process.env } = {}) {
			const output = openSync(join(folder, `${log}.log`), "a");
			const child = spawn(program, args, { cwd, env, stdio: ["ignore", output, output] });
			child.on("error", (error) => say(`${program}: ${error.message}`));
			children.push(child);
			return child;
		},

		/** @param {string} log */
		log: (log) => readFileSync(join(folder, `${log}.log`), "utf8"),

		async close() {
			for (const child of children.toReversed()) await stop(child);
		},
	};
}

/**
 * Runs a program to its end.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 * @throws with what it printed when it fails
 */
export function must(program, args, options = {}) {
	const result = spawnSync(program, args, { maxBuffer: 64 * 1024 * 1024, ...options, encoding: "utf8" });
	if (result.status !== 0) {
		throw new Error(`${program} ${args[0]}: ${result.stderr || result.stdout || result.error}`);
	}
	return result.stdout;
}

/**
 * Asks again and again until the answer is as it must be; the last one otherwise.
 *
 * @template T
 * @param {() => Promise<T>} question
 * @param {(answer: T) => boolean} good
 * @param {number} [seconds]
 * @returns {Promise<T | { error: string }>}
 */
export async function until(question, good, seconds = 60) {
	/** @type {T | { error: string }} */
	let last = { error: "never asked" };
	for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(300)) {
		try {
			last = await question();
			if (good(last)) return last;
		} catch (error) {
			last = { error: String(error.cause ?? error) };
		}
	}
	return last;
}
