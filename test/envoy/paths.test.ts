import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { HONEST_PATHS, listedPaths, OWN_PATHS } from "../paths/attack-paths.ts";
import { type Experiment, isAdmin, SETTING_NAMES, startExperiment } from "../paths/experiment.ts";
import { line } from "../paths/report.ts";
import { corporaDir } from "../support/corpora.ts";
import { partOf, WHOLE } from "../support/test-size.ts";

/** Requests of the lists for each setting, unless the whole is asked for. */
const PART = 300;

const corpora = corporaDir();
const listed = corpora === undefined ? [] : listedPaths(corpora);
let experiment: Experiment;
beforeAll(async () => {
	experiment = await startExperiment();
}, 60_000);
afterAll(() => experiment.close(), 30_000);

describe.each(SETTING_NAMES)("under %s", (setting) => {
	test.each(["run", "run2"] as const)("no spelling of a protected path passes (%s)", async (way) => {
		// Node's HTTP/2 refuses to send what is no path; the raw lines of HTTP/1.1 have them all.
		const paths = way === "run" ? OWN_PATHS : OWN_PATHS.filter((path) => /^\/[!-~]*$/.test(path));
		const row = await experiment[way](setting, paths);
		expect({ reached: row.reached, changed: row.changed }).toEqual({ reached: [], changed: [] });
		expect(row.refusedByEnvoy + row.refusedBefore + row.refusedByPolicy + row.passed).toBe(paths.length);
		// Some are honest by the time they are judged: resolved by Envoy to /admin, which the policy refuses.
		expect(row.refusedByPolicy).toBeGreaterThan(0);
	});

	test("honest paths pass", async () => {
		const row = await experiment.run(setting, HONEST_PATHS);
		expect(row).toMatchObject({ passed: HONEST_PATHS.length, reached: [], changed: [] });
	});

	(corpora === undefined ? test.skip : test)(
		"no path of the traversal lists reaches a protected handler",
		async () => {
			const paths = partOf(listed, PART, 20_261_128);
			const row = await experiment.run(setting, paths);
			process.stdout.write(`paths: ${line(row)}\n`);
			expect({ reached: row.reached, changed: row.changed }).toEqual({ reached: [], changed: [] });
			expect(row.refusedByEnvoy + row.refusedBefore + row.refusedByPolicy + row.passed).toBe(paths.length);
			expect(paths.length).toBe(WHOLE ? listed.length : PART);
		},
		600_000,
	);
});

test("the lists hold what would get past a policy that nobody helps", async () => {
	expect(OWN_PATHS.filter(isAdmin).length).toBeGreaterThan(60);
	expect(HONEST_PATHS.filter(isAdmin)).toEqual([]);
	const row = await experiment.run("nothing (Envoy's defaults)", OWN_PATHS);
	expect(row.rawWouldPass).toBeGreaterThan(40);
	expect(row.decodedWouldPass).toBeGreaterThan(30);
	if (corpora !== undefined) expect(listed.length).toBeGreaterThan(5000);
});
