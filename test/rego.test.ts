import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { CAPABILITIES_PATH } from "../src/policy/bundle/capabilities.ts";
import { findOpa, type Opa } from "../src/policy/bundle/opa.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Percent of the lines of the policies that their tests run. */
const MIN_COVERAGE = 95;

describe("the example policies", () => {
	let opa: Opa;

	beforeAll(async () => {
		opa = await findOpa();
	});

	test("are formatted", async () => {
		const { code, stdout } = await opa.run(["fmt", "--fail", "--diff", "rego"], ROOT);
		expect(stdout).toBe("");
		expect(code).toBe(0);
	});

	test("pass the strict check, under our own capabilities", async () => {
		const run = await opa.run(["check", "--strict", "--capabilities", CAPABILITIES_PATH, "rego"], ROOT);
		expect(run).toMatchObject({ code: 0 });
	});

	test(`pass their tests, which cover at least ${MIN_COVERAGE} % of them`, async () => {
		const { code, stdout } = await opa.run(["test", "--coverage", "--format=json", "rego"], ROOT);
		const report = JSON.parse(stdout) as { coverage?: number };
		expect({ code, coverage: report.coverage }).toEqual({ code: 0, coverage: expect.any(Number) });
		expect(report.coverage).toBeGreaterThanOrEqual(MIN_COVERAGE);
	});
});
