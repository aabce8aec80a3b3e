/**
 * `npm run test:full`: what `npm test` has a share of, whole: the suites over the transport that is not the default, and
 * random tests with many times as many cases. Prints the time of each part, and closes with `N passed, N failed`.
 */
import { join } from "node:path";
import { closingLine, runJest, runStage, seconds, wasInterrupted } from "./jest-stage.mjs";
import { ROOT } from "./setup/places.mjs";
import { describe, SetupError } from "./setup/setup-error.mjs";
import { setUp, setUpOrExit, withTools } from "./setup.mjs";

/** @type {{ name: string, tests: readonly string[], env: Readonly<Record<string, string>> }[]} */
const PARTS = [
	{
		name: "the real Envoy over grpc-js",
		tests: ["test/envoy"],
		env: { POSTERN_TEST_TRANSPORT: "grpc-js" },
	},
	{
		name: "restarts, kills and renewed certificates under load, as often as promised",
		tests: ["test/envoy/(rolling|tls)"],
		env: { POSTERN_TEST_SIZE: "full" },
	},
	{
		name: "the lane: random calls, hostile peers",
		tests: ["test/property/(hpack|lane)", "test/wire/lane-hostile"],
		env: { POSTERN_TEST_CASES: "20" },
	},
];

const { bin, node } = await setUpOrExit(["packages", "node", "envoy", "opa", "h2spec"]);
const tools = withTools(bin);
const started = Date.now();
const total = { passed: 0, failed: 0, skipped: 0 };
const rows = [];
for (const { name, tests, env } of PARTS) {
	if (wasInterrupted()) {
		total.failed += 1;
		break;
	}
	const since = Date.now();
	process.stdout.write(`\n== ${name}\n`);
	const counts = await runJest(node, tests, { ...tools, ...env });
	total.passed += counts.passed;
	total.failed += counts.failed;
	total.skipped += counts.skipped;
	rows.push(
		`  ${name}: ${counts.failed === 0 ? `${counts.passed} passed` : `${counts.failed} FAILED`} (${seconds(since)})`,
	);
}
if (!wasInterrupted()) {
	const since = Date.now();
	const name = "certificates of OpenBao, renewed under load";
	process.stdout.write(`\n== ${name}\n`);
	const missing = await setUp(["openbao"]).then(
		() => undefined,
		(error) => (error instanceof SetupError ? describe(error) : `Set-up failed: ${error}\n`),
	);
	if (missing === undefined) {
		const good = await runStage(node, [join(ROOT, "test", "full", "openbao-rotation.ts")], tools);
		total[good ? "passed" : "failed"] += 1;
		rows.push(`  ${name}: ${good ? "passed" : "FAILED"} (${seconds(since)})`);
	} else {
		total.skipped += 1;
		process.stdout.write(missing);
		rows.push(`  ${name}: LEFT OUT, OpenBao cannot be had here`);
	}
}
process.stdout.write(`\n${rows.join("\n")}\n  in all ${seconds(started)}\n${closingLine(total)}`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
