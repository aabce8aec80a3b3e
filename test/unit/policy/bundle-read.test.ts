import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { type Header, pack as packTar } from "tar-stream";
import { systemClock } from "../../../src/lib/clock.ts";
import { findOpa } from "../../../src/policy/bundle/opa.ts";
import { pack } from "../../../src/policy/bundle/pack.ts";
import { readBundle } from "../../../src/policy/bundle/read.ts";
import { unpack } from "../../../src/policy/bundle/unpack.ts";
import { DEFAULT_POLICY_LIMITS } from "../../../src/policy/limits.ts";
import { loadPolicy } from "../../../src/policy/load.ts";
import { bundleOf, inFolder, inputOf, writeSources } from "../../support/policy.ts";

const MAX = 1 << 24;

/** An archive with exactly these entries. */
async function tarOf(entries: readonly (Partial<Header> & { readonly body?: string })[]): Promise<Buffer> {
	const tar = packTar();
	const whole = buffer(tar);
	for (const { body, ...header } of entries) tar.entry(header as Header, body ?? "");
	tar.finalize();
	return gzipSync(await whole);
}

let good: ReadonlyMap<string, Buffer>;
let goodBytes: Buffer;

beforeAll(async () => {
	goodBytes = (
		await bundleOf({ "p.rego": "package envoy.authz\n\nallow := data.x\n", "data.json": '{"x": 1}' })
	).bytes;
	good = await unpack(goodBytes, MAX);
});

const changed = (changes: Readonly<Record<string, Buffer | string | undefined>>): Promise<Buffer> => {
	const files = new Map(good);
	for (const [path, bytes] of Object.entries(changes)) {
		if (bytes === undefined) files.delete(path);
		else files.set(path, Buffer.from(bytes));
	}
	return pack(files);
};

const manifestWith = (edit: (manifest: Record<string, unknown>) => void): string => {
	const manifest = JSON.parse(String(good.get(".manifest")));
	edit(manifest);
	return JSON.stringify(manifest);
};

describe("the archive", () => {
	test.each([
		["a parent folder", "../data.json"],
		["a parent folder inside", "a/../data.json"],
		["an absolute path twice over", "//etc/passwd"],
		["a backslash", "a\\data.json"],
		["a control character", "a\u0001.json"],
		["an empty segment", "a//b"],
	])("with %s is refused", async (_, name) => {
		await expect(unpack(await tarOf([{ name }]), MAX)).rejects.toMatchObject({ code: "bundle_invalid" });
	});

	test.each(["symlink", "link", "fifo", "character-device", "block-device"] as const)(
		"with a %s is refused",
		async (type) => {
			const entry = { name: "data.json", type, linkname: "/etc/passwd" };
			await expect(unpack(await tarOf([entry]), MAX)).rejects.toMatchObject({ code: "bundle_invalid" });
		},
	);

	test("with one path twice is refused, however it is spelt", async () => {
		const twice = await tarOf([
			{ name: "data.json", body: "{}" },
			{ name: "/data.json", body: "{}" },
		]);
		await expect(unpack(twice, MAX)).rejects.toThrow("twice");
	});

	test("with folders is fine", async () => {
		const files = await unpack(
			await tarOf([
				{ name: "./", type: "directory" },
				{ name: "./data.json", body: "1" },
			]),
			MAX,
		);
		expect([...files.keys()]).toEqual(["data.json"]);
	});

	test("with too many entries is refused", async () => {
		const many = Array.from({ length: 4097 }, (_, i) => ({ name: `f${i}` }));
		await expect(unpack(await tarOf(many), MAX)).rejects.toThrow("entries");
	});

	test("over the limit is refused packed, and unpacked before it is unpacked", async () => {
		await expect(unpack(goodBytes, goodBytes.length - 1)).rejects.toMatchObject({ code: "bundle_too_large" });
		const bomb = gzipSync(Buffer.alloc(50_000_000));
		await expect(unpack(bomb, 1_000_000)).rejects.toMatchObject({ code: "bundle_too_large" });
	});

	test("cut off anywhere is refused", async () => {
		for (const length of [0, 1, 10, 100, goodBytes.length >> 1, goodBytes.length - 1]) {
			await expect(readBundle(goodBytes.subarray(0, length), MAX)).rejects.toMatchObject({
				code: "bundle_invalid",
			});
		}
		const tar = packTar();
		const whole = buffer(tar);
		tar.entry({ name: "data.json" }, "x".repeat(5000));
		tar.finalize();
		const cut = gzipSync((await whole).subarray(0, 2048));
		await expect(unpack(cut, MAX)).rejects.toMatchObject({ code: "bundle_invalid" });
	});
});

describe("the bundle", () => {
	test("is read", async () => {
		const bundle = await readBundle(goodBytes, MAX);
		expect(bundle.bound).toBe(true);
		expect([...bundle.entrypoints]).toEqual([["envoy/authz/allow", "envoy/authz/allow"]]);
		expect(bundle.digest).toMatch(/^[0-9a-f]{64}$/);
	});

	test.each([
		["changed data", { "data.json": '{"x": 2}' }],
		["a changed plan", { "plan.json": "{}" }],
		["another module", { "policy.wasm": "\0asm" }],
		["no plan", { "plan.json": undefined }],
		["a file that was not built", { "extra.rego": "package x" }],
	])("with %s is corrupt", async (_, changes) => {
		await expect(readBundle(await changed(changes), MAX)).rejects.toMatchObject({ code: "bundle_corrupt" });
	});

	test("that binds no plan is corrupt", async () => {
		const manifest = manifestWith((m) => {
			const { postern } = m["metadata"] as { postern: { digests: Record<string, string> } };
			delete postern.digests["plan.json"];
		});
		const bytes = await changed({ ".manifest": manifest, "plan.json": undefined });
		await expect(readBundle(bytes, MAX)).rejects.toMatchObject({ code: "bundle_corrupt" });
	});

	test.each([
		["no manifest", { ".manifest": undefined }, "no .manifest"],
		["a manifest that is no JSON", { ".manifest": "{" }, "no JSON"],
		["signatures", { ".signatures.json": "{}" }, "signed"],
		["a delta", { "patch.json": "{}" }, "delta"],
		["nested data", { "a/data.json": "{}" }, "at the top"],
		["YAML data", { "data.yaml": "a: 1" }, "at the top"],
		["a second module", { "a/policy.wasm": "" }, "at the top"],
	])("with %s is refused", async (_, changes, message) => {
		await expect(readBundle(await changed(changes), MAX)).rejects.toMatchObject({
			code: "bundle_invalid",
			message: expect.stringContaining(message),
		});
	});

	test.each([
		["an unknown key", (m: Record<string, unknown>) => (m["etag"] = 1), "etag"],
		["a revision that is no text", (m: Record<string, unknown>) => (m["revision"] = 1), "revision"],
		["a revision of two lines", (m: Record<string, unknown>) => (m["revision"] = "a\nb"), "revision"],
		[
			"a format of the future",
			(m: Record<string, unknown>) => ((m["metadata"] as { postern: { format: number } }).postern.format = 2),
			"format",
		],
	])("whose manifest has %s is refused", async (_, edit, message) => {
		const bytes = await changed({ ".manifest": manifestWith(edit) });
		await expect(readBundle(bytes, MAX)).rejects.toThrow(message);
	});

	test("made by plain `opa build` is taken, unbound", async () => {
		const bytes = await inFolder(async (folder) => {
			await writeSources(folder, {
				"src/p.rego": "package envoy.authz\n\nallow := data.x\n",
				"src/data.json": '{"x": 5}',
			});
			const opa = await findOpa();
			const args = ["build", "-t", "wasm", "-e", "envoy/authz/allow", "-r", "v9", "-o", "b.tar.gz", "src"];
			expect((await opa.run(args, folder)).code).toBe(0);
			return readFile(join(folder, "b.tar.gz"));
		});
		const policy = await loadPolicy(bytes, DEFAULT_POLICY_LIMITS, systemClock);
		expect(policy.bound).toBe(false);
		expect(policy.revision).toBe("v9");
		expect(policy.evaluate("envoy/authz/allow", inputOf({}))).toEqual({ kind: "value", value: 5 });
	});
});

describe("the module", () => {
	const plain = (wasm: Buffer | string, data = "{}"): Promise<Buffer> =>
		pack(
			new Map([
				[".manifest", Buffer.from('{"revision": ""}')],
				["data.json", Buffer.from(data)],
				["policy.wasm", Buffer.from(wasm)],
			]),
		);
	const load = async (bytes: Promise<Buffer>) => loadPolicy(await bytes, DEFAULT_POLICY_LIMITS, systemClock);

	test("that is none, or no policy, is refused", async () => {
		await expect(load(plain("junk"))).rejects.toMatchObject({ code: "policy_invalid" });
		const empty = Buffer.from("0061736d01000000", "hex");
		await expect(load(plain(empty))).rejects.toMatchObject({ code: "policy_invalid" });
	});

	test("that imports more than a policy needs is refused", async () => {
		// (module (import "env" "leak" (func)))
		const wasm = Buffer.from("0061736d010000000104016000000" + "20c0103656e76046c65616b0000", "hex");
		await expect(load(plain(wasm))).rejects.toThrow("env.leak");
	});

	test("that calls a builtin which is not supplied is refused by its name", async () => {
		const bytes = await inFolder(async (folder) => {
			await writeSources(folder, {
				"p.rego": 'package envoy.authz\n\nallow := http.send({"url": input.u, "method": "GET"})\n',
			});
			const opa = await findOpa();
			expect((await opa.run(["build", "-t", "wasm", "-e", "envoy/authz/allow", "p.rego"], folder)).code).toBe(
				0,
			);
			return readFile(join(folder, "bundle.tar.gz"));
		});
		await expect(loadPolicy(bytes, DEFAULT_POLICY_LIMITS, systemClock)).rejects.toMatchObject({
			code: "builtin_missing",
			message: expect.stringMatching(/http\.send \(.*put the data into the bundle.*\)/),
		});
	});

	test("with data that is no object is refused", async () => {
		await expect(load(plain(good.get("policy.wasm") as Buffer, "[1]"))).rejects.toMatchObject({
			code: "bundle_invalid",
		});
	});
});
