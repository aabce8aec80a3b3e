import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { makeBundle } from "../../../src/policy/bundle/make.ts";
import { findOpa } from "../../../src/policy/bundle/opa.ts";
import { pack } from "../../../src/policy/bundle/pack.ts";
import { readBundle } from "../../../src/policy/bundle/read.ts";
import { unpack } from "../../../src/policy/bundle/unpack.ts";
import { DEFAULT_POLICY_LIMITS } from "../../../src/policy/limits.ts";
import { bundleOf, inFolder, writeSources } from "../../support/policy.ts";

const MAX = DEFAULT_POLICY_LIMITS.max_bundle_bytes;
const RULE = 'package envoy.authz\n\ndefault allow := false\n\nallow if data.roles[input.user] == "admin"\n';

/** A bundle with the marks that OPA's optimiser leaves. */
async function optimized(data: string): Promise<Buffer> {
	const files = new Map(await unpack((await bundleOf(RULE)).bytes, MAX));
	files.set("optimized/envoy/authz.rego", Buffer.from("package envoy.authz\n\nallow := false\n"));
	files.set(".manifest", Buffer.from('{"revision":"","roots":[""],"rego_version":1}'));
	files.set("data.json", Buffer.from(data));
	return pack(files);
}

describe("a bundle that was optimised", () => {
	test("without data is refused when it is read", async () => {
		await expect(readBundle(await optimized("{}"), MAX)).rejects.toMatchObject({
			code: "bundle_invalid",
			message: expect.stringContaining("optimised"),
		});
	});

	test("with data is read", async () => {
		const bundle = await readBundle(await optimized('{"roles":{"ann":"admin"}}'), MAX);
		expect(bundle.bound).toBe(false);
	});

	test("really has those marks: the rules of `opa build -O1` lie below /optimized", async () => {
		const opa = await findOpa();
		const paths = await inFolder(async (folder) => {
			await writeSources(folder, { "p.rego": RULE, "data.json": '{"roles":{"ann":"admin"}}' });
			const args = ["build", "-O1", "--entrypoint", "envoy/authz/allow", "--output", "o.tar.gz"];
			expect(await opa.run([...args, "p.rego", "data.json"], folder)).toMatchObject({ code: 0 });
			return [...(await unpack(await readFile(join(folder, "o.tar.gz")), MAX)).keys()];
		});
		expect(paths).toContain("optimized/envoy/authz.rego");
	});

	test("without data is refused as a source", async () => {
		await inFolder(async (folder) => {
			const manifest = '{"revision":"","roots":[""]}';
			await writeSources(folder, {
				"optimized/envoy/authz.rego": RULE,
				".manifest": manifest,
				"data.json": "{}\n",
			});
			await expect(makeBundle({ dirs: [folder] })).rejects.toMatchObject({
				code: "policy_build_failed",
				message: expect.stringContaining("optimised"),
			});
		});
	});
});
