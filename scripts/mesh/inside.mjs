/** What `npm run test:mesh` does, in namespaces of its own: the parts that are named, one after the other. */
import { join } from "node:path";
import { GATEWAY_POD, POD, SHOP_POD } from "./addresses.mjs";
import { PARTS } from "./parts.mjs";
import { createStage, must } from "./stage.mjs";

const [folder, skipped, ...names] = process.argv.slice(2);
const begun = Date.now();
/** @param {number} since */
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(0)} s`;
const say = (/** @type {string} */ text) => process.stdout.write(`[${seconds(begun)}] ${text}\n`);

must("ip", ["link", "set", "lo", "up"]);
for (const each of [POD, GATEWAY_POD, SHOP_POD]) must("ip", ["address", "add", `${each}/32`, "dev", "lo"]);
/** @type {boolean[]} */
const results = [];
for (const name of names) {
	const since = Date.now();
	say(`${name}: ${PARTS[name].title}`);
	const stage = createStage(join(folder, name), say);
	try {
		await PARTS[name].run(stage);
		if (stage.results.length === 0) stage.verdict(name, false, "nothing was tested");
	} catch (error) {
		stage.verdict(`${name} runs to its end`, false, error instanceof Error ? error.message : error);
	} finally {
		await stage.close();
	}
	results.push(...stage.results);
	say(`${name}: ${seconds(since)}`);
}
const failed = results.filter((good) => !good).length;
const left = Number(skipped) === 0 ? "" : `, ${skipped} skipped`;
process.stdout.write(`\n${results.length - failed} passed, ${failed} failed${left}\n`);
process.exit(failed === 0 && results.length > 0 ? 0 : 1);
