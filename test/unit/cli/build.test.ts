import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { runCli } from "../../../src/cli/run.ts";
import { readBundle } from "../../../src/policy/bundle/read.ts";
import { ioOf } from "../../support/command-io.ts";
import { schemaOf } from "../../support/descriptors.ts";
import { inFolder, writeSources } from "../../support/policy.ts";

const ALLOW = "package envoy.authz\n\ndefault allow := false\n\nallow if input.ok\n";

async function run(argv: readonly string[]) {
	const io = ioOf("");
	const code = await runCli(argv, io.io);
	return { code, stdout: io.stdout(), stderr: io.stderr() };
}

describe("postern build", () => {
	test("writes a bundle and says what is in it", () =>
		inFolder(async (folder) => {
			await writeSources(folder, { "src/p.rego": ALLOW });
			const out = join(folder, "b.tar.gz");
			const { code, stdout, stderr } = await run(["build", join(folder, "src"), "-o", out]);
			expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
			expect(stdout).toMatch(/b\.tar\.gz: envoy\/authz\/allow, sha256 [0-9a-f]{64}\n$/);
			expect((await readdir(folder)).sort()).toEqual(["b.tar.gz", "src"]);
		}));

	test("takes several entrypoints and a revision, and answers in JSON", () =>
		inFolder(async (folder) => {
			await writeSources(folder, { "src/p.rego": ALLOW });
			const out = join(folder, "b.tar.gz");
			const args = [
				"build",
				join(folder, "src"),
				"-o",
				out,
				"-e",
				"/envoy/authz/allow/",
				"-e",
				"envoy/authz",
			];
			const { code, stdout } = await run([...args, "--revision", "v7", "--json"]);
			expect(code).toBe(0);
			expect(JSON.parse(stdout)).toMatchObject({
				output: out,
				revision: "v7",
				entrypoints: ["envoy/authz", "envoy/authz/allow"],
				absent: [],
			});
		}));

	test("puts a descriptor set in, and refuses what is none", () =>
		inFolder(async (folder) => {
			await writeSources(folder, { "src/p.rego": ALLOW, "bad.pb": "no set" });
			const { bytes } = schemaOf('syntax = "proto3"; message A { int32 a = 1; }');
			await writeFile(join(folder, "good.pb"), bytes);
			const build = (set: string) =>
				run([
					"build",
					join(folder, "src"),
					"-o",
					join(folder, "b.tar.gz"),
					"--descriptors",
					join(folder, set),
				]);
			expect((await build("good.pb")).code).toBe(0);
			const made = await readBundle(await readFile(join(folder, "b.tar.gz")), 1 << 24);
			expect(made.descriptors).toEqual(bytes);
			for (const set of ["bad.pb", "none.pb"]) {
				const { code, stderr } = await build(set);
				expect(code).toBe(3);
				expect(stderr).toContain("--descriptors: ");
			}
		}));

	test("builds a policy without a rule at the decision path, and warns", () =>
		inFolder(async (folder) => {
			await writeSources(folder, { "src/data.json": '{"x": 1}' });
			const { code, stderr } = await run(["build", join(folder, "src"), "-o", join(folder, "b.tar.gz")]);
			expect(code).toBe(0);
			expect(stderr).toContain("no rule at envoy/authz/allow");
		}));

	test("tells a compiler's error with file and line, and writes nothing", () =>
		inFolder(async (folder) => {
			await writeSources(folder, { "src/p.rego": "package envoy.authz\n\nallow if nope(1)\n" });
			const { code, stderr } = await run(["build", join(folder, "src"), "-o", join(folder, "b.tar.gz")]);
			expect(code).toBe(1);
			expect(stderr).toContain(`${join(folder, "src")}/p.rego:3: `);
			expect(stderr).toContain("policy_build_failed");
			expect(await readdir(folder)).toEqual(["src"]);
		}));

	test("refuses to run without folders or output", async () => {
		expect((await run(["build", "-o", "x"])).code).toBe(2);
		expect((await run(["build", "."])).code).toBe(2);
		expect((await run(["build", ".", "-o", "x", "-e", "a//b"])).code).toBe(2);
	});

	test("a folder that is not there is exit code 3", async () => {
		expect(await run(["build", "/nowhere/at/all", "-o", "x"])).toMatchObject({ code: 3 });
	});
});
