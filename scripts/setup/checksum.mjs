import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/**
 * SHA-256 of a file as lower-case hex.
 *
 * @param {string} file
 */
export async function sha256(file) {
	const hash = createHash("sha256");
	await pipeline(createReadStream(file), hash);
	return hash.digest("hex");
}

/**
 * @param {string} file
 * @param {string} expected
 * @param {string} what shown to a person
 */
export async function verify(file, expected, what) {
	const found = await sha256(file);
	if (found !== expected) {
		throw new Error(`${what}: checksum ${found} where ${expected} was expected. Nothing was installed.`);
	}
}
