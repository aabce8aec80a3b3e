/**
 * `npm run test:full`: everything that `npm test` runs a tenth of, in full (the matrix of failures, generated documents
 * and directives), and what it leaves out (memory under a large answer, services and clients that nobody here wrote).
 * `npm run test:full -- PATTERN...` runs part of the tests so. Prints what it counted and how long it took.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./setup/places.mjs";

const start = Date.now();
const { status } = spawnSync(
	process.execPath,
	[join(ROOT, "scripts", "test.mjs"), ...process.argv.slice(2)],
	{
		cwd: ROOT,
		env: { ...process.env, POSTERN_TEST_FULL: "1" },
		stdio: "inherit",
	},
);
process.stdout.write(`full run: ${((Date.now() - start) / 1000).toFixed(0)} s\n`);
process.exit(status ?? 1);
