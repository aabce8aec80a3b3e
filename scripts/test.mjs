/**
 * `npm test`: sets up what is missing, then runs every gate (format and lint, types, Rego, a look at the speed, all tests
 * of `test/`) and closes with `N passed, N failed`. A gate counts as one; a test file that cannot be loaded as one failure.
 *
 * `npm test -- PATTERN...` hands its arguments to jest and leaves the other gates out.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { closingLine, module, runJest, runStage, seconds, wasInterrupted } from "./jest-stage.mjs";
import { ROOT } from "./setup/places.mjs";
import { describe, EXIT_ENVIRONMENT, SetupError } from "./setup/setup-error.mjs";
import { FOR_TESTS, setUp, withTools } from "./setup.mjs";

const REGO = ["rego"];

/** @param {{ passed: number, failed: number, skipped: number }} total */
const close = (total) => process.stdout.write(closingLine(total));

const pattern = process.argv.slice(2);
const started = Date.now();
const tools = await setUp(FOR_TESTS).catch((error) => {
	process.stderr.write(error instanceof SetupError ? describe(error) : `Set-up failed: ${error}\n`);
	close({ passed: 0, failed: 1, skipped: 0 });
	process.exit(error instanceof SetupError ? error.exitCode : EXIT_ENVIRONMENT);
});
const env = withTools(tools.bin);
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
	{
		name: "speed, by ratios of one run",
		run: () => runStage(tools.node, ["--no-warnings", join(ROOT, "bench", "guard.ts")], env),
	},
];

const total = { passed: 0, failed: 0, skipped: 0 };
const rows = [];
for (const gate of pattern.length === 0 ? gates : []) {
	if (wasInterrupted()) {
		break;
	}
	const since = Date.now();
	process.stdout.write(`\n== ${gate.name}\n`);
	const good = await gate.run();
	total[good ? "passed" : "failed"] += 1;
	rows.push([gate.name, good ? "passed" : "FAILED", seconds(since)]);
}

if (!wasInterrupted()) {
	const since = Date.now();
	process.stdout.write("\n== tests\n");
	const counts = await runJest(tools.node, pattern, env);
	total.passed += counts.passed;
	total.failed += counts.failed;
	total.skipped += counts.skipped;
	rows.push([
		"tests",
		counts.failed === 0 ? `${counts.passed} passed` : `${counts.failed} FAILED`,
		seconds(since),
	]);
}

const width = Math.max(...rows.map(([name]) => name.length));
process.stdout.write(
	`\n${rows.map(([name, what, took]) => `  ${name.padEnd(width)}  ${what} (${took})`).join("\n")}\n`,
);
process.stdout.write(`  in all ${seconds(started)}\n`);
if (wasInterrupted()) {
	process.stdout.write("  interrupted\n");
	total.failed += 1;
}
close(total);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
