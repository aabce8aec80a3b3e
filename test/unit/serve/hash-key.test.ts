import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readHashKey } from "../../../src/serve/hash-key.ts";

let folder = "";
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "postern-hash-key-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(bytes: string | Buffer): string {
	const path = join(folder, "key");
	writeFileSync(path, bytes);
	return path;
}

const KEY = "0123456789abcdef";

test.each([KEY, `${KEY}\n`, `${KEY}\r\n`])("one final line end is no part of the key: %j", async (text) => {
	const key = await readHashKey(file(text));
	const expected = createHmac("sha256", KEY).update("m").digest("hex");
	expect(Buffer.from(key.hmac(Buffer.from("m"))).toString("hex")).toBe(expected);
	expect(key.id).toMatch(/^[0-9a-f]{8}$/);
	expect(key.id).toBe((await readHashKey(file(KEY))).id);
});

test("a second line end, a lone CR and binary bytes are part of it", async () => {
	const plain = await readHashKey(file(KEY));
	for (const text of [`${KEY}\n\n`, `${KEY}\r`, Buffer.from([...Buffer.from(KEY), 0, 255])]) {
		expect((await readHashKey(file(text))).id).not.toBe(plain.id);
	}
});

test.each(["", "\n", "0123456789abcde", "0123456789abcde\n", "x".repeat(4097)])(
	"%# a key too short or too long is refused, untold",
	async (text) => {
		await expect(readHashKey(file(text))).rejects.toMatchObject({
			code: "hash_key_unusable",
			message: expect.not.stringContaining("0123456789"),
		});
	},
);

test("a folder or nothing is refused", async () => {
	await expect(readHashKey(folder)).rejects.toMatchObject({ code: "hash_key_unusable" });
	await expect(readHashKey(join(folder, "none"))).rejects.toMatchObject({ code: "hash_key_unusable" });
});
