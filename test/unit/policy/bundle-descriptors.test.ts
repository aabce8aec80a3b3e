import { createHash } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { systemClock } from "../../../src/lib/clock.ts";
import { PosternError } from "../../../src/lib/errors.ts";
import { makeBundle } from "../../../src/policy/bundle/make.ts";
import { pack } from "../../../src/policy/bundle/pack.ts";
import { readBundle } from "../../../src/policy/bundle/read.ts";
import { unpack } from "../../../src/policy/bundle/unpack.ts";
import { DEFAULT_POLICY_LIMITS } from "../../../src/policy/limits.ts";
import { loadPolicy } from "../../../src/policy/load.ts";
import { inFolder, writeSources } from "../../support/policy.ts";

const SET = Buffer.from("a descriptor set, as far as the bundle knows");
const POLICY = { "p.rego": "package envoy.authz\n\nallow := true\n" };

const built = (): Promise<Buffer> =>
	inFolder(async (folder) => {
		await writeSources(folder, POLICY);
		return (await makeBundle({ dirs: [join(folder, "p.rego")], descriptors: SET })).bytes;
	});

test("a descriptor set goes into the bundle, bound like its other files", async () => {
	const bytes = await built();
	expect((await readBundle(bytes, 1 << 24)).descriptors).toEqual(SET);
	const files = new Map(await unpack(bytes, 1 << 24));
	files.set("descriptors.pb", Buffer.from("another"));
	await expect(readBundle(await pack(files), 1 << 24)).rejects.toMatchObject({ code: "bundle_corrupt" });
});

test("a policy has the set with its digest, and is not loaded when the set is refused", async () => {
	const bytes = await built();
	const asked: Uint8Array[] = [];
	const policy = await loadPolicy(bytes, DEFAULT_POLICY_LIMITS, systemClock, 1, {
		checkDescriptors: (set) => asked.push(set),
	});
	const digest = createHash("sha256").update(SET).digest("hex");
	expect(policy.descriptors).toEqual({ digest, bytes: SET });
	expect(asked).toEqual([SET]);
	const refuse = (): never => {
		throw new PosternError("descriptors_invalid", "no");
	};
	await expect(
		loadPolicy(bytes, DEFAULT_POLICY_LIMITS, systemClock, 1, { checkDescriptors: refuse }),
	).rejects.toMatchObject({
		code: "descriptors_invalid",
	});
});
