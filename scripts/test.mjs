/**
 * `npm test`: sets up what is missing, then runs every gate (format and lint, types, Rego, all tests of `test/`) and
 * closes with `N passed, N failed`. A gate counts as one; a test file that cannot be loaded as one failure.
 *
 * `npm test -- PATTERN...` hands its arguments to jest and leaves the other gates out.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./setup/places.mjs";
import { describe, EXIT_ENVIRONMENT, SetupError } from "./setup/setup-error.mjs";
import { FOR_TESTS, setUp, withTools } from "./setup.mjs";

const RESULTS = join(ROOT, ".run", "jest.json");
const REGO = ["rego"];

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
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<boolean>}
 */
function runStage(program, args, env) {
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
function jestCounts() {
	try {
		const results = JSON.parse(readFileSync(RESULTS, "utf8"));
		const unreadable = results.testResults.filter(
			(file) => file.status === "failed" && file.assertionResults.length === 0,
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

/** @param {number} since */
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** @param {{ passed: number, failed: number, skipped: number }} total */
function close(total) {
	const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
	process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
}

const pattern = process.argv.slice(2);
const started = Date.now();
const tools = await setUp(FOR_TESTS).catch((error) => {
	process.stderr.write(error instanceof SetupError ? describe(error) : `Set-up failed: ${error}\n`);
	close({ passed: 0, failed: 1, skipped: 0 });
	process.exit(error instanceof SetupError ? error.exitCode : EXIT_ENVIRONMENT);
});
const env = withTools(tools.bin);
const module = (...path) => join(ROOT, "node_modules", ...path);
// Biome's `ci` takes every pipe for a build server that shows colours.
const colours = process.stdout.isTTY === true && process.env.NO_COLOR === undefined ? "force" : "off";
const biome = ["ci", "--error-on-warnings", `--colors=${colours}`];
const rego = REGO.filter((folder) => existsSync(join(ROOT, folder)));

/** @type {{ name: string, run(): Promise<boolean> }[]} */
const gates = [
	{
		name: "format and lint",
		run: () => runStage(tools.node, [module("@biomejs", "biome", "bin", "biome"), ...biome], env),
	},
	{ name: "types", run: () => runStage(tools.node, [module("typescript", "bin", "tsc"), "-p", "."], env) },
	{ name: "Rego format", run: () => runStage("opa", ["fmt", "--fail", "--list", ...rego], env) },
	{ name: "Rego strictness", run: () => runStage("opa", ["check", "--strict", ...rego], env) },
];

const total = { passed: 0, failed: 0, skipped: 0 };
const rows = [];
for (const gate of pattern.length === 0 ? gates : []) {
	if (interrupted) {
		break;
	}
	const since = Date.now();
	process.stdout.write(`\n== ${gate.name}\n`);
	const good = await gate.run();
	total[good ? "passed" : "failed"] += 1;
	rows.push([gate.name, good ? "passed" : "FAILED", seconds(since)]);
}

if (!interrupted) {
	const since = Date.now();
	process.stdout.write("\n== tests\n");
	mkdirSync(join(ROOT, ".run"), { recursive: true });
	rmSync(RESULTS, { force: true });
	const jest = [
		"--experimental-vm-modules",
		"--disable-warning=ExperimentalWarning",
		module("jest", "bin", "jest.js"),
	];
	const reporting = ["--json", `--outputFile=${RESULTS}`, ...(process.env.CI === "true" ? ["--ci"] : [])];
	// With --json jest prints its results to standard output too; the tests' own output goes to standard error.
	const good = await runStage(tools.node, [...jest, ...reporting, ...pattern], env);
	const counts = jestCounts();
	total.passed += counts.passed;
	total.failed += counts.failed > 0 || good ? counts.failed : 1;
	total.skipped += counts.skipped;
	rows.push(["tests", good ? `${counts.passed} passed` : `${counts.failed} FAILED`, seconds(since)]);
}

const width = Math.max(...rows.map(([name]) => name.length));
process.stdout.write(
	`\n${rows.map(([name, what, took]) => `  ${name.padEnd(width)}  ${what} (${took})`).join("\n")}\n`,
);
process.stdout.write(`  in all ${seconds(started)}\n`);
if (interrupted) {
	process.stdout.write("  interrupted\n");
	total.failed += 1;
}
close(total);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
