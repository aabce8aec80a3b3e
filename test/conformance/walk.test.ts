import { expect, test } from "@jest/globals";
import { findOpa } from "../../src/policy/bundle/opa.ts";
import { conformanceDir, loadCases } from "./cases.ts";
import { walkAll } from "./walk.ts";

/** Every so many cases; `npm run test:conformance` walks all of them. */
const STRIDE = 24;

test("a walk through the plan gives what the module gives, for a sample of OPA's own cases", async () => {
	const opa = await findOpa();
	const folder = await conformanceDir(opa.version, false);
	if (folder === undefined) {
		console.warn(
			`SKIPPED: no cases of OPA ${opa.version} in Go's module cache; npm run test:conformance fetches them`,
		);
		return;
	}
	const cases = (await loadCases(folder)).filter((_, i) => i % STRIDE === 5);
	const { same, different } = await walkAll(opa, cases);
	expect(different).toEqual([]);
	expect(same).toBeGreaterThan(cases.length / 2);
}, 120_000);
