/** `node scripts/run.mjs test/chart/update-golden.ts`: writes what the chart renders now over the golden files. Read the diff. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chartRenderer, valueSets } from "../support/chart/render.ts";

const folder = join(import.meta.dirname, "golden");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const renderer = chartRenderer();
for (const [name, values] of valueSets()) {
	const { ok, error, text, notes } = await renderer.render(values);
	if (!ok) throw new Error(`${name}: ${error}`);
	writeFileSync(join(folder, `${name}.yaml`), text);
	writeFileSync(join(folder, `${name}.notes.txt`), `${notes}\n`);
}
renderer.close();
