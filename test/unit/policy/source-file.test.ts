import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { systemClock } from "../../../src/lib/clock.ts";
import type { PosternError } from "../../../src/lib/errors.ts";
import { DEFAULT_POLICY_LIMITS, type PolicyLimits } from "../../../src/policy/limits.ts";
import type { MemoLimits } from "../../../src/policy/memo.ts";
import { filePolicySource } from "../../../src/policy/source/file.ts";
import { bundleOf, inFolder, inputOf } from "../../support/policy.ts";

const PATH = "envoy/authz/allow";
const policyText = (value: number): string =>
	`package envoy.authz\n\nallow := {"allowed": true, "v": ${value}}\n`;

let one: Buffer;
let two: Buffer;

beforeAll(async () => {
	one = (await bundleOf(policyText(1), undefined, "one")).bytes;
	two = (await bundleOf(policyText(2), undefined, "two")).bytes;
});

interface Scene {
	readonly folder: string;
	readonly file: string;
	readonly source: ReturnType<typeof filePolicySource>;
	readonly failures: PosternError[];
	readonly activated: string[];
}

async function scene(
	use: (scene: Scene) => Promise<void>,
	options: { readonly pollSeconds?: number; readonly limits?: PolicyLimits & MemoLimits } = {},
): Promise<void> {
	await inFolder(async (folder) => {
		const file = join(folder, "bundle.tar.gz");
		const failures: PosternError[] = [];
		const activated: string[] = [];
		const source = filePolicySource({
			path: file,
			limits: options.limits ?? DEFAULT_POLICY_LIMITS,
			clock: systemClock,
			pollSeconds: options.pollSeconds ?? 0.05,
			onFailed: (error) => failures.push(error),
			onActivated: (policy) => activated.push(policy.revision),
		});
		try {
			await use({ folder, file, source, failures, activated });
		} finally {
			await source.stop();
		}
	});
}

async function until(what: () => boolean): Promise<void> {
	for (let i = 0; i < 500; i++) {
		if (what()) return;
		await sleep(10);
	}
	throw new Error("it did not come about in time");
}

describe("a policy file", () => {
	test("is active after start, with its revision, digest and serial", () =>
		scene(async ({ file, source }) => {
			await writeFile(file, one);
			expect(source.current()).toBeUndefined();
			await source.start();
			expect(source.current()).toMatchObject({ revision: "one", serial: 1 });
			const { active, lastError, failures } = source.state();
			expect(active).toMatchObject({ revision: "one", serial: 1, digest: source.current()?.digest });
			expect(lastError).toBeUndefined();
			expect(failures).toBe(0);
		}));

	test("that changes takes over in one step; a request keeps the policy it began with", () =>
		scene(async ({ file, source, activated }) => {
			await writeFile(file, one);
			await source.start();
			const before = source.current();
			await writeFile(file, two);
			await until(() => source.current()?.revision === "two");
			expect(source.current()?.serial).toBe(2);
			expect(before?.evaluate(PATH, inputOf({}))).toMatchObject({ value: { v: 1 } });
			expect(source.current()?.evaluate(PATH, inputOf({}))).toMatchObject({ value: { v: 2 } });
			expect(activated).toEqual(["one", "two"]);
		}));

	test("that becomes bad leaves the last good one in force and says why, once", () =>
		scene(async ({ file, source, failures }) => {
			await writeFile(file, one);
			await source.start();
			await writeFile(file, "no bundle");
			await until(() => source.state().lastError !== undefined);
			await sleep(200);
			expect(source.current()?.revision).toBe("one");
			expect(source.state().lastError).toMatchObject({ code: "bundle_invalid" });
			expect(source.state().active).toMatchObject({ revision: "one" });
			expect(failures).toHaveLength(1);
			await writeFile(file, two);
			await until(() => source.current()?.revision === "two");
			expect(source.state().lastError).toBeUndefined();
		}));

	test("that is written slowly is never half active", () =>
		scene(async ({ file, source, activated }) => {
			await writeFile(file, one);
			await source.start();
			for (let end = 5000; end < two.length + 5000; end += 5000) {
				await writeFile(file, two.subarray(0, end));
				await sleep(20);
			}
			await until(() => source.current()?.revision === "two");
			expect(activated).toEqual(["one", "two"]);
		}));

	test("that is removed leaves the policy in force", () =>
		scene(async ({ file, source }) => {
			await writeFile(file, one);
			await source.start();
			await rm(file);
			await until(() => source.state().lastError?.code === "file_unreadable");
			expect(source.current()?.revision).toBe("one");
		}));

	test("that comes late is found", () =>
		scene(async ({ file, source }) => {
			await source.start();
			expect(source.current()).toBeUndefined();
			expect(source.state().lastError?.code).toBe("file_unreadable");
			await writeFile(`${file}.new`, one);
			await rename(`${file}.new`, file);
			await until(() => source.current()?.revision === "one");
		}));

	test("behind a link that is swapped is found, by events alone", () =>
		scene(
			async ({ folder, file, source }) => {
				await mkdir(join(folder, "v1"));
				await mkdir(join(folder, "v2"));
				await writeFile(join(folder, "v1/b"), one);
				await writeFile(join(folder, "v2/b"), two);
				await symlink("v1", join(folder, "..data"));
				await symlink("..data/b", file);
				await source.start();
				await symlink("v2", join(folder, "..new"));
				await rename(join(folder, "..new"), join(folder, "..data"));
				await until(() => source.current()?.revision === "two");
			},
			{ pollSeconds: 3600 },
		));

	test("that is written again unchanged is not activated again", () =>
		scene(async ({ file, source, activated }) => {
			await writeFile(file, one);
			await source.start();
			await writeFile(file, one);
			await source.reload();
			expect(activated).toEqual(["one"]);
			expect(source.current()?.serial).toBe(1);
		}));

	test("over the size limit is not read", () =>
		scene(
			async ({ file, source }) => {
				await writeFile(file, one);
				await source.start();
				expect(source.state().lastError?.code).toBe("bundle_too_large");
			},
			{ limits: { ...DEFAULT_POLICY_LIMITS, max_bundle_bytes: 1024 } },
		));

	test("is left alone after stop", () =>
		scene(async ({ file, source }) => {
			await writeFile(file, one);
			await source.start();
			await source.stop();
			await writeFile(file, two);
			await sleep(300);
			expect(source.current()?.revision).toBe("one");
		}));
});
