/**
 * `npm run test:full`: `npm test` with all of what it otherwise runs a part of, then every other script of package.json
 * whose name starts with `test:`. Prints how long each took, the tests by folder, and closes with `N passed, N failed`: what a script counted
 * in its own last line, or the script itself as one. One that says it lacks something of the machine (exit code 3) is
 * skipped, and counted as that.
 *
 * `npm run test:full -- PATTERN...` runs the tests that match, in full, and leaves the other scripts out.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { ROOT } from "./setup/places.mjs";
import { EXIT_ENVIRONMENT } from "./setup/setup-error.mjs";

const RESULTS = join(ROOT, ".run", "jest.json");
const FULL = "test:full";
const COUNTS = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

/** @type {import("node:child_process").ChildProcess | undefined} */
let running;
let interrupted = false;
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
	process.on(name, () => {
		interrupted = true;
		running?.kill(name);
	});
}

/**
 * @param {string} script
 * @param {readonly string[]} args
 * @returns {Promise<{ code: number, last: string }>} its exit code, and the last line that it printed
 */
function runScript(script, args) {
	return new Promise((resolve) => {
		const env = { ...process.env, POSTERN_TEST_SIZE: "full" };
		const rest = args.length > 0 ? ["--", ...args] : [];
		running = spawn("npm", ["run", "--silent", script, ...rest], {
			cwd: ROOT,
			env,
			stdio: ["ignore", "pipe", "inherit"],
		});
		let tail = "";
		running.stdout?.on("data", (piece) => {
			process.stdout.write(piece);
			tail = (tail + piece).slice(-1000);
		});
		running.on("error", (error) => {
			process.stderr.write(`npm: ${error.message}\n`);
			resolve({ code: 1, last: "" });
		});
		running.on("close", (code) =>
			resolve({ code: code ?? 1, last: tail.trimEnd().split("\n").at(-1) ?? "" }),
		);
	});
}

/** @param {{ code: number, last: string }} ended */
function countsOf({ code, last }) {
	if (code === EXIT_ENVIRONMENT) return { passed: 0, failed: 0, skipped: 1 };
	const [line, passed, failed, skipped = "0"] = COUNTS.exec(last) ?? [];
	const itself = code === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
	if (line === undefined) return itself;
	const counted = { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
	// A script that fails has failed, whatever it counted.
	return code !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted;
}

/** How long jest was at each folder of tests, summed over what ran side by side. */
function folderTimes() {
	const folders = new Map();
	try {
		const { testResults } = JSON.parse(readFileSync(RESULTS, "utf8"));
		for (const { name, startTime, endTime } of testResults) {
			const [top = "", next = ""] = relative(join(ROOT, "test"), name).split(sep);
			const folder = next === "" ? "test" : `test/${top}`;
			folders.set(folder, (folders.get(folder) ?? 0) + endTime - startTime);
		}
	} catch {
		// No counts, no times: the tests failed before they ran.
	}
	return [...folders].map(([folder, ms]) => `    ${folder.padEnd(18)} ${(ms / 1000).toFixed(0)} s`).sort();
}

const pattern = process.argv.slice(2);
const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const others = Object.keys(scripts).filter((name) => name.startsWith("test:") && name !== FULL);
const total = { passed: 0, failed: 0, skipped: 0 };
const rows = [];
const seconds = (/** @type {number} */ since) => `${((Date.now() - since) / 1000).toFixed(0)} s`;
const started = Date.now();
for (const script of pattern.length > 0 ? ["test"] : ["test", ...others]) {
	if (interrupted) break;
	process.stdout.write(`\n==== ${script}\n`);
	const since = Date.now();
	const counts = countsOf(await runScript(script, script === "test" ? pattern : []));
	for (const key of /** @type {const} */ (["passed", "failed", "skipped"])) total[key] += counts[key];
	const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
	rows.push(
		`  ${script.padEnd(20)} ${counts.passed} passed, ${counts.failed} failed${skipped} (${seconds(since)})`,
	);
}
rows.splice(1, 0, ...folderTimes());
if (interrupted) {
	rows.push("  interrupted");
	total.failed += 1;
}
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
process.stdout.write(`\n==== full run, ${seconds(started)}\n${rows.join("\n")}\n`);
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
