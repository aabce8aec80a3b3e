import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { corporaDir } from "../support/corpora.ts";

const corpora = corporaDir();
const root = fileURLToPath(new URL("../..", import.meta.url));
const CASES = 2758;

(corpora === undefined ? test.skip : test)(
	`postern mask --batch answers all ${CASES} cases of the mask corpus as its judge wants, at every chunk size`,
	() => {
		const folder = join(corpora!, "mask");
		const run = spawnSync(
			process.execPath,
			[
				join(folder, "judge.mjs"),
				"--cases",
				join(folder, "open.jsonl"),
				"--batch",
				`'${process.execPath}' bin/postern mask --batch`,
				"--space",
				"kept",
			],
			{ cwd: root, encoding: "utf8" },
		);
		expect(run.stdout).toContain(`${CASES} passed, 0 failed`);
		expect(run.status).toBe(0);
	},
	120_000,
);
