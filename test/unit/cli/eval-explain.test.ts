import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { runCli } from "../../../src/cli/run.ts";
import { ioOf } from "../../support/command-io.ts";
import { bundleOf, inFolder, type Sources, writeSources } from "../../support/policy.ts";

const SOURCES: Sources = {
	"authz.rego": `package envoy.authz

default allow := false

allow if {
	input.method == "GET"
	some r in data.roles[input.user]
	startswith(input.path, r.prefix)
	not blocked
}

allow if admin

admin if {
	input.user == "root"
	above(input.level) > 3
}

blocked if input.user in {"eve", "mallory"}

above(x) := y if y := x + 1
`,
	"data.json": '{"roles": {"ann": [{"prefix": "/people"}, {"prefix": "/x"}], "eve": [{"prefix": "/"}]}}',
};

async function explain(input: unknown, more: readonly string[] = []) {
	const { bytes } = await bundleOf(SOURCES);
	return inFolder(async (folder) => {
		const bundle = join(folder, "b.tar.gz");
		await writeFile(bundle, bytes);
		const io = ioOf(JSON.stringify(input));
		const code = await runCli(["eval", "--bundle", bundle, "--input", "-", "--explain", ...more], io.io);
		// The folder of the sources has a name of its own each time.
		return { code, text: io.stdout().replace(/[\w-]+\/authz\.rego/g, "authz.rego"), stderr: io.stderr() };
	});
}

describe("postern eval --explain", () => {
	test("shows where every body of a denied call ended, by line, with the values that were there", async () => {
		const { code, text } = await explain({ method: "GET", user: "ann", path: "/orders" });
		expect(code).toBe(0);
		expect(text).toBe(`deny 403 policy_denied
false

Rules that were asked:
  data.envoy.authz.allow = false   authz.rego:3
    data.envoy.authz.admin is undefined
      authz.rego:15: input.user is "ann", not "root"
    authz.rego:8: startswith(input.path, data.roles["ann"][0].prefix) is false (2 times)
    authz.rego:12: data.envoy.authz.admin is undefined

Of the input it can read:
  level is absent
  method = "GET"
  path = "/orders"
  user = "ann"
`);
	});

	test("shows which body gave an answer, and functions with their arguments", async () => {
		const { text } = await explain({ method: "PUT", user: "root", path: "/", level: 5 });
		expect(text).toContain(`  data.envoy.authz.allow = true   authz.rego:12
    data.envoy.authz.admin = true   authz.rego:14
      data.envoy.authz.above(5) = 6   authz.rego:21
`);
	});

	test("says what stood behind a not", async () => {
		const { text } = await explain({ method: "GET", user: "eve", path: "/" });
		expect(text).toContain(`    data.envoy.authz.blocked = true   authz.rego:19\n`);
		expect(text).toContain("authz.rego:9: what stands behind `not` holds");
	});

	test("gives programs the same", async () => {
		const { text } = await explain({ method: "GET", user: "ann", path: "/people/7" }, ["--json"]);
		const { explanation } = JSON.parse(text) as { explanation: Record<string, unknown> };
		expect(explanation).toMatchObject({
			rules: [
				{
					name: "data.envoy.authz.allow",
					result: "true",
					given: ["authz.rego:5"],
					calls: [{ name: "data.envoy.authz.blocked" }, { name: "data.envoy.authz.admin" }],
				},
			],
			agrees: true,
			reads: [
				{ path: "level" },
				{ path: "method", value: "GET" },
				{ path: "path", value: "/people/7" },
				{ path: "user", value: "ann" },
			],
		});
	});

	test("a bundle of opa build has no plan, and says how to get one", async () => {
		await inFolder(async (folder) => {
			await writeSources(folder, SOURCES);
			const bundle = join(folder, "b.tar.gz");
			execFileSync("opa", ["build", "-t", "wasm", "-e", "envoy/authz/allow", "-o", bundle, "authz.rego"], {
				cwd: folder,
			});
			const io = ioOf("{}");
			const code = await runCli(["eval", "--bundle", bundle, "--input", "-", "--explain"], io.io);
			expect(code).toBe(2);
			expect(io.stderr()).toContain("postern build");
			expect(io.stdout()).toBe("");
		});
	});
});
