import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { BUILTIN_NAMES } from "../../../../src/policy/builtins/rego/names.ts";
import { regoBuiltins } from "../../../../src/policy/builtins/rego/rego.ts";
import { findOpa } from "../../../../src/policy/bundle/opa.ts";
import { conformanceDir, loadCases } from "../../../conformance/cases.ts";
import { type Call, differences } from "../../../support/builtin-oracle.ts";
import { changedText, moduleText } from "../../../support/rego-arbitrary.ts";
import { parseBoth } from "../../../support/rego-oracle.ts";
import { EDGE_MODULES } from "../../../support/rego-texts.ts";

const OWN = globSync(new URL("../../../../rego/**/*.rego", import.meta.url).pathname).map((file) =>
	readFileSync(file, "utf8"),
);

/** Modules of OPA's own cases, each once; none where Go's cache lacks them. */
async function opaModules(): Promise<readonly string[]> {
	const folder = await conformanceDir((await findOpa()).version, false);
	if (folder === undefined) {
		console.warn("SKIPPED: OPA's own modules; npm run test:conformance fetches them");
		return [];
	}
	return [...new Set((await loadCases(folder)).flatMap(({ modules = [] }) => modules))];
}

describe("rego.parse_module", () => {
	test("reads every module of OPA's own cases, and ours, as OPA does", async () => {
		const texts = [...OWN, ...(await opaModules())];
		const { modules, differences: found } = await parseBoth(texts);
		console.info(`${texts.length} texts, ${modules} modules, ${found.length} read otherwise`);
		expect(OWN.length).toBeGreaterThan(2);
		expect(modules).toBeGreaterThanOrEqual(OWN.length);
		expect(found).toEqual([]);
	}, 120_000);

	test("reads what is at the edge of the grammar as OPA does", async () => {
		const { modules, differences: found } = await parseBoth(EDGE_MODULES);
		expect(modules).toBeGreaterThan(EDGE_MODULES.length / 4);
		expect(modules).toBeLessThan((EDGE_MODULES.length * 3) / 4);
		expect(found).toEqual([]);
	}, 120_000);

	test("reads random modules as OPA does", async () => {
		const { modules, differences: found } = await parseBoth(
			fc.sample(moduleText, { numRuns: 2000, seed: 1 }),
		);
		expect(modules).toBeGreaterThan(300);
		expect(found).toEqual([]);
	}, 120_000);

	test("reads, or refuses, modules with something changed as OPA does", async () => {
		const bases = [...OWN, ...(await opaModules())].filter(({ length }) => length < 2000);
		const texts = fc.sample(changedText(bases), { numRuns: 2500, seed: 2 });
		const { modules, differences: found } = await parseBoth(texts);
		expect(modules).toBeGreaterThan(300);
		expect(modules).toBeLessThan(2100);
		expect(found).toEqual([]);
	}, 120_000);

	test("is called from a policy as any other", async () => {
		const calls: readonly Call[] = [
			["rego.parse_module", ["x.rego", "package a\n\n# é\np := {1, 2.50} if input.x"]],
			["rego.parse_module", ['"\u2028', "package a # c"]],
			["rego.parse_module", ["x.rego", ""]],
			["rego.parse_module", ["x.rego", "# c"]],
			["rego.parse_module", ["x.rego", "package a.\n"]],
			["rego.parse_module", ["x.rego", "\ufeffpackage a #\n#\r\n#\r\r\n  #\tx"]],
			["rego.parse_module", ["x.rego", "package a #\u{1f600}"]],
			["rego.parse_module", ["x.rego", "package a\np := 1e100000\nq := 1e30104"]],
			["rego.parse_module", ["x.rego", "package a\np := 1e30101\nq := 1e-30101\nr := 0e999999"]],
			["rego.parse_module", [1, "package a"]],
			["rego.parse_module", ["x.rego", 1]],
		];
		expect(await differences(calls)).toEqual([]);
	});

	test.each([
		["longer", `package a\n${"x".repeat(300_000)}`],
		["deeper in brackets", `package a\np := ${"[".repeat(2000)}1${"]".repeat(2000)}`],
		["deeper in operators", `package a\np := ${"1 + ".repeat(2000)}1`],
		["deeper in operands", `package a\nimport rego.v2\np if ${"x and ".repeat(2000)}x`],
		["harder to read", `package a\nimport rego.v2\np if ${"{x | ".repeat(40)}y${"}".repeat(40)}`],
	])("gives up on what is %s than is reasonable", (_what, text) => {
		const context = { nowNs: () => 0n, remember: () => null };
		expect(() => regoBuiltins["rego.parse_module"]?.(["x.rego", text], context)).toThrow(RangeError);
	});

	test("knows the builtins of the OPA that it is held to", async () => {
		const { stdout } = await (await findOpa()).run(["capabilities", "--current"], ".");
		const { builtins } = JSON.parse(stdout) as { builtins: { name: string }[] };
		expect([...BUILTIN_NAMES].sort()).toEqual(builtins.map(({ name }) => name).sort());
	});
});
