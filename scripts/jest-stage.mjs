import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./setup/places.mjs";

/** @type {import("node:child_process").ChildProcess | undefined} */
let running;
let interrupted = false;
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
	process.on(name, () => {
		interrupted = true;
		running?.kill(name);
	});
}

export const wasInterrupted = () => interrupted;

/** @param {readonly string[]} path */
export const module = (...path) => join(ROOT, "node_modules", ...path);

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<boolean>} whether it ended with 0
 */
export function runStage(program, args, env) {
	return new Promise((resolve) => {
		running = spawn(program, args, { cwd: ROOT, env, stdio: ["ignore", "inherit", "inherit"] });
		running.on("error", (error) => {
			process.stderr.write(`${program}: ${error.message}\n`);
			resolve(false);
		});
		running.on("close", (code) => resolve(code === 0));
	});
}

/** What jest counted, or one failure when it did not come to counting. */
function countsOf(file) {
	try {
		const results = JSON.parse(readFileSync(file, "utf8"));
		const unreadable = results.testResults.filter(
			(each) => each.status === "failed" && each.assertionResults.length === 0,
		).length;
		return {
			passed: results.numPassedTests,
			failed: results.numFailedTests + unreadable,
			skipped: results.numPendingTests + results.numTodoTests,
		};
	} catch {
		return { passed: 0, failed: 1, skipped: 0 };
	}
}

/**
 * Runs jest with these arguments.
 *
 * @param {string} node
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
export async function runJest(node, args, env) {
	const file = join(ROOT, ".run", "jest.json");
	mkdirSync(join(ROOT, ".run"), { recursive: true });
	rmSync(file, { force: true });
	const jest = [
		"--experimental-vm-modules",
		"--disable-warning=ExperimentalWarning",
		module("jest", "bin", "jest.js"),
	];
	// With --json jest prints its results to standard output too; the tests' own output goes to standard error.
	const reporting = ["--json", `--outputFile=${file}`, ...(process.env.CI === "true" ? ["--ci"] : [])];
	const good = await runStage(node, [...jest, ...reporting, ...args], env);
	const counts = countsOf(file);
	return { ...counts, failed: counts.failed > 0 || good ? counts.failed : 1 };
}

/** @param {number} since */
export const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** The last line of every test run. @param {{ passed: number, failed: number, skipped: number }} total */
export function closingLine(total) {
	const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
	return `\n${total.passed} passed, ${total.failed} failed${skipped}\n`;
}
