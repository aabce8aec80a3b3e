import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { CAPABILITIES_PATH } from "../src/policy/bundle/capabilities.ts";
import { LIBRARY_PATH } from "../src/policy/bundle/library.ts";
import { findOpa, type Opa } from "../src/policy/bundle/opa.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Percent of the lines of the policies that their tests run. */
const MIN_COVERAGE = 95;

interface Annotation {
	readonly annotations: { readonly title?: string; readonly description?: string };
	readonly path: readonly { readonly value: string }[];
}

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

	test("of which the library's are covered entirely", async () => {
		const { stdout } = await opa.run(
			["test", "--coverage", "--format=json", "rego/lib", "rego/lib-tests"],
			ROOT,
		);
		const { files } = JSON.parse(stdout) as {
			files: Readonly<Record<string, { readonly coverage: number }>>;
		};
		const covered = Object.entries(files).filter(([file]) => file.startsWith("rego/lib/"));
		expect(covered.map(([file]) => basename(file)).sort()).toEqual(readdirSync(LIBRARY_PATH).sort());
		expect(covered.filter(([, { coverage }]) => coverage < 100)).toEqual([]);
	});

	test("and each rule of the library has a title and a description", async () => {
		const { stdout } = await opa.run(["inspect", "--annotations", "--format=json", "rego/lib"], ROOT);
		const { annotations } = JSON.parse(stdout) as { annotations: readonly Annotation[] };
		const described = annotations.filter(
			({ annotations: { title = "", description = "" } }) => title.length > 2 && description.length > 10,
		);
		const names = new Set(described.map(({ path }) => path.map(({ value }) => value).join(".")));
		const rules = readdirSync(LIBRARY_PATH).flatMap((file) => {
			const text = readFileSync(join(LIBRARY_PATH, file), "utf8");
			const own = `data.postern.lib.${basename(file, ".rego")}`;
			return [own, ...[...text.matchAll(/^(?!package )([a-z_]+)/gm)].map(([, name]) => `${own}.${name}`)];
		});
		expect(rules.length).toBeGreaterThan(40);
		expect(rules.filter((name) => !names.has(name))).toEqual([]);
	});
});

const PLUGIN_EXAMPLES = join("examples", "opa-envoy-plugin");

describe.each(readdirSync(join(ROOT, PLUGIN_EXAMPLES)).filter((name) => !name.endsWith(".md")))(
	"the policy of the plugin example %s",
	(name) => {
		const folder = join(PLUGIN_EXAMPLES, name, "policy");

		test("is formatted, strict, and of the right types under the schema of the peer's input", async () => {
			const opa = await findOpa();
			expect(await opa.run(["fmt", "--fail", "--list", folder], ROOT)).toMatchObject({ code: 0, stdout: "" });
			const schema = join("docs", "reference", "input.opa-envoy-plugin.schema.json");
			const args = ["--capabilities", CAPABILITIES_PATH, "--schema", schema];
			expect(await opa.run(["check", "--strict", ...args, folder], ROOT)).toMatchObject({
				code: 0,
				stderr: "",
			});
		});

		test(`passes its tests, which cover at least ${MIN_COVERAGE} % of it`, async () => {
			const opa = await findOpa();
			const { code, stdout } = await opa.run(["test", "--coverage", "--format=json", folder], ROOT);
			expect(code).toBe(0);
			expect((JSON.parse(stdout) as { coverage: number }).coverage).toBeGreaterThanOrEqual(MIN_COVERAGE);
		});
	},
);
