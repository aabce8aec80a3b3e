import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { systemClock } from "../../../src/lib/clock.ts";
import { buildBundle } from "../../../src/policy/bundle/build.ts";
import { makeBundle } from "../../../src/policy/bundle/make.ts";
import { unpack } from "../../../src/policy/bundle/unpack.ts";
import { DEFAULT_POLICY_LIMITS } from "../../../src/policy/limits.ts";
import { loadPolicy } from "../../../src/policy/load.ts";
import { bundleOf, inFolder, inputOf, policyOf, writeSources } from "../../support/policy.ts";

const ALLOW = "package envoy.authz\n\ndefault allow := false\n\nallow if input.ok\n";

const decide = async (bytes: Uint8Array, path: string, input: unknown = {}) =>
	(await loadPolicy(bytes, DEFAULT_POLICY_LIMITS, systemClock)).evaluate(path, inputOf(input));

describe("a built bundle", () => {
	test("holds WASM, plan and data bound to each other, and no sources", async () => {
		const { bytes } = await bundleOf({ "policy.rego": ALLOW, "data.json": '{"x": 1}' }, undefined, "r1");
		const files = await unpack(bytes, 1 << 24);
		expect([...files.keys()]).toEqual([".manifest", "data.json", "plan.json", "policy.wasm"]);
		const manifest = JSON.parse(String(files.get(".manifest")));
		expect(manifest.revision).toBe("r1");
		expect(manifest.wasm).toEqual([{ entrypoint: "envoy/authz/allow", module: "/policy.wasm" }]);
		expect(Object.keys(manifest.metadata.postern.digests).sort()).toEqual([
			"data.json",
			"plan.json",
			"policy.wasm",
		]);
		expect(JSON.parse(String(files.get("plan.json"))).plans.plans[0].name).toBe("envoy/authz/allow");
	});

	test("is the same bytes for the same sources, wherever they lie", async () => {
		const sources = {
			"a.rego": ALLOW,
			"b/c.rego": "package b.c\n\nx := 1\n",
			"data.json": '{"z": 1, "a": 2}',
		};
		const build = () =>
			inFolder(async (folder) => {
				await writeSources(join(folder, "src"), sources);
				return makeBundle({ dirs: [join(folder, "src")] });
			});
		const [first, second] = [await build(), await build()];
		expect(first.digest).toBe(second.digest);
		expect(first.bytes.equals(second.bytes)).toBe(true);
	});

	test("has another digest when a source, the data or the revision changes", async () => {
		const digests = await Promise.all([
			bundleOf(ALLOW),
			bundleOf(ALLOW, undefined, "2"),
			bundleOf({ "policy.rego": ALLOW, "data.json": '{"x": 1}' }),
			bundleOf(ALLOW.replace("input.ok", "input.okay")),
		]);
		expect(new Set(digests.map(({ digest }) => digest)).size).toBe(4);
	});

	test("takes single files, data below folders, and leaves tests and hidden files out", async () => {
		await inFolder(async (folder) => {
			await writeSources(folder, {
				"p/policy.rego": ALLOW,
				"p/policy_test.rego": "package envoy.authz_test\n\nx := http.send({})\n",
				"p/.hidden/bad.rego": "no rego",
				"p/.bad.rego": "no rego",
				"p/notes.txt": "no rego",
				"team/roles/data.json": '{"a": 1}',
				"extra.data.json": '{"top": true}',
			});
			const dirs = [join(folder, "p"), join(folder, "team"), join(folder, "extra.data.json")];
			const { bytes } = await makeBundle({ dirs });
			const data = (await unpack(bytes, 1 << 24)).get("data.json");
			expect(JSON.parse(String(data))).toEqual({ roles: { a: 1 }, top: true });
			expect(await decide(bytes, "envoy/authz/allow", { ok: true })).toEqual({ kind: "value", value: true });
		});
	});

	test("follows links to files, as mounted configuration has them", async () => {
		await inFolder(async (folder) => {
			await mkdir(join(folder, "mount/..data"), { recursive: true });
			await writeFile(join(folder, "mount/..data/policy.rego"), ALLOW);
			await symlink("..data/policy.rego", join(folder, "mount/policy.rego"));
			const { bytes } = await makeBundle({ dirs: [join(folder, "mount")] });
			expect(await decide(bytes, "envoy/authz/allow", { ok: true })).toEqual({ kind: "value", value: true });
		});
	});

	test("leaves the sources as they are, and nothing behind", async () => {
		await inFolder(async (folder) => {
			await writeSources(folder, { "src/policy.rego": ALLOW });
			await chmod(join(folder, "src"), 0o500);
			await buildBundle({ dirs: [join(folder, "src")], out: join(folder, "b.tar.gz") });
			await chmod(join(folder, "src"), 0o700);
			expect(await readdir(folder)).toEqual(["b.tar.gz", "src"]);
			expect(await readdir(join(folder, "src"))).toEqual(["policy.rego"]);
			expect(await readFile(join(folder, "src/policy.rego"), "utf8")).toBe(ALLOW);
		});
	});

	test("two folders of one name do not collide", async () => {
		await inFolder(async (folder) => {
			await writeSources(folder, {
				"a/policy/x.rego": "package envoy.authz\n\nimport data.other\n\nallow := other.y\n",
				"b/policy/x.rego": "package other\n\ny := 7\n",
			});
			const { bytes } = await makeBundle({ dirs: [join(folder, "a/policy"), join(folder, "b/policy/")] });
			expect(await decide(bytes, "envoy/authz/allow")).toEqual({ kind: "value", value: 7 });
		});
	});
});

describe("decision paths", () => {
	test("may have a dot in a segment, slashes around, and a whole package behind them", async () => {
		const dotted = await bundleOf('package lab.deep["v1.2"].rules\n\nresult := 1\n', [
			"lab/deep/v1.2/rules/result",
		]);
		expect(await decide(dotted.bytes, "lab/deep/v1.2/rules/result")).toEqual({ kind: "value", value: 1 });
		const whole = await bundleOf("package envoy.authz\n\nallowed := true\n\nx := 2\n", ["/envoy/authz/"]);
		expect(whole.entrypoints).toEqual(["envoy/authz"]);
		expect(await decide(whole.bytes, "/envoy/authz/")).toMatchObject({
			kind: "value",
			value: { allowed: true, x: 2 },
		});
	});

	test.each(["", "/", "a//b", "a/\n"])("%j is refused", async (path) => {
		await expect(bundleOf(ALLOW, [path])).rejects.toMatchObject({ code: "entrypoint_invalid" });
	});

	test("without a rule are built, loaded, and undefined", async () => {
		const built = await bundleOf({ "data.json": '{"x": 1}' });
		expect(built.absent).toEqual(["envoy/authz/allow"]);
		expect(await decide(built.bytes, "envoy/authz/allow")).toEqual({ kind: "undefined" });
	});

	test("without a rule beside others that have one, in a package that exists", async () => {
		const built = await bundleOf(ALLOW, ["envoy/authz/allow", "envoy/authz/nope", "other/thing", "lone"]);
		expect([...built.absent].sort()).toEqual(["envoy/authz/nope", "lone", "other/thing"]);
		expect(await decide(built.bytes, "envoy/authz/allow", { ok: true })).toEqual({
			kind: "value",
			value: true,
		});
		for (const path of built.absent) expect(await decide(built.bytes, path)).toEqual({ kind: "undefined" });
	});

	test("without a rule but with data there answer the data, as OPA does", async () => {
		const built = await bundleOf({ "envoy/authz/data.json": '{"allow": {"allowed": false}}' });
		expect(await decide(built.bytes, "envoy/authz/allow")).toMatchObject({
			kind: "value",
			value: { allowed: false },
		});
	});

	test("a rule that uses an entrypoint is no entrypoint itself", async () => {
		const source = "package envoy.authz\n\nallow := true\n\ncaller := allow\n";
		const policy = await policyOf(source);
		expect(policy.entrypoints).toEqual(["envoy/authz/allow"]);
	});
});

describe("what does not build", () => {
	test("is told with the user's own path and line", async () => {
		await inFolder(async (folder) => {
			await writeSources(folder, { "team/bad.rego": "package envoy.authz\n\nallow if http.send({})\n" });
			const failed = makeBundle({ dirs: [`${join(folder, "team")}/`] });
			await expect(failed).rejects.toMatchObject({
				code: "policy_build_failed",
				message: expect.stringContaining(`${join(folder, "team")}/bad.rego:3: `),
			});
			await expect(failed).rejects.toThrow("http.send");
		});
	});

	test.each([
		[
			"called",
			"allow if http.send({})",
			"http.send (an evaluation cannot wait for the network; put the data into",
		],
		["looked up", 'allow if net.lookup_ip_addr("h")', "net.lookup_ip_addr (an evaluation cannot wait"],
		["mocked", 'allow if data.x with http.send as {"a": 1}', "http.send (an evaluation cannot wait"],
	])("what is %s and cannot be had comes with the ways that exist", async (_how, rule, advice) => {
		await inFolder(async (folder) => {
			await writeSources(folder, { "bad.rego": `package envoy.authz\n\n${rule}\n` });
			const failed = makeBundle({ dirs: [folder] });
			await expect(failed).rejects.toMatchObject({
				code: "policy_build_failed",
				message: expect.stringContaining(`${folder}/bad.rego:3: `),
			});
			await expect(failed).rejects.toThrow(`\n${advice}`);
		});
	});

	test("what is merely misspelt comes with the compiler's words alone", async () => {
		await inFolder(async (folder) => {
			await writeSources(folder, { "bad.rego": "package envoy.authz\n\nallow if http.sent({})\n" });
			await expect(makeBundle({ dirs: [folder] })).rejects.toThrow(/undefined function http\.sent$/);
		});
	});

	test("an unreadable source is named", async () => {
		await expect(makeBundle({ dirs: ["/nowhere/at/all"] })).rejects.toMatchObject({
			code: "file_unreadable",
			message: expect.stringContaining("/nowhere/at/all"),
		});
	});

	test("without opa the message says how to get it", async () => {
		await expect(
			inFolder(async (folder) => {
				await writeSources(folder, { "p.rego": ALLOW });
				return makeBundle({ dirs: [folder], opa: "/nowhere/opa" });
			}),
		).rejects.toMatchObject({ code: "opa_missing", message: expect.stringContaining("go install") });
	});

	test.each([
		["something else", "echo hello"],
		["an older one", 'echo "Version: 1.21.0"'],
		["one before 1.0", 'echo "Version: 0.70.0"'],
		["one that fails", "exit 1"],
	])("%s called opa is not taken for it", async (_, script) => {
		await inFolder(async (folder) => {
			await writeFile(join(folder, "opa"), `#!/bin/sh\n${script}\n`);
			await chmod(join(folder, "opa"), 0o755);
			await expect(makeBundle({ dirs: [folder], opa: join(folder, "opa") })).rejects.toMatchObject({
				code: "opa_missing",
				message: expect.stringContaining("1.22 or later"),
			});
		});
	});

	test("an abort ends it and leaves no file", async () => {
		await inFolder(async (folder) => {
			await writeSources(folder, { "src/p.rego": ALLOW });
			const out = join(folder, "b.tar.gz");
			const signal = AbortSignal.abort();
			await expect(buildBundle({ dirs: [join(folder, "src")], out, signal })).rejects.toThrow();
			expect(await readdir(folder)).toEqual(["src"]);
		});
	});
});
