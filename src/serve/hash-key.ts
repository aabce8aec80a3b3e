import { createHash, createHmac } from "node:crypto";
import { open } from "node:fs/promises";
import { FIXED_LIMITS } from "../config/limits.ts";
import { errorMessage } from "../lib/error-message.ts";
import { PosternError } from "../lib/errors.ts";

/** HMAC-SHA-256 under the configured key. */
export interface HashKey {
	/** Names the key without telling it: both services, and all replicas, must mean the same one. */
	readonly id: string;
	readonly hmac: (message: Uint8Array) => Uint8Array;
}

/** Keeps the id apart from every other use of SHA-256 over the key. */
const ID_DOMAIN = "postern hash key id\0";
const ID_HEX = 8;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Reads the key of pseudonyms: the file's bytes without one final line end.
 *
 * @throws PosternError `hash_key_unusable`: unreadable, shorter than 16 bytes or longer than 4 KiB.
 */
export async function readHashKey(path: string): Promise<HashKey> {
	const key = withoutFinalLineEnd(await readKeyFile(path));
	const { hash_key_min_bytes: min, hash_key_max_bytes: max } = FIXED_LIMITS;
	if (key.length < min.value || key.length > max.value) {
		throw unusable(`${path} holds a key of ${key.length} bytes; it must have ${min.value} to ${max.value}`);
	}
	return {
		id: createHash("sha256").update(ID_DOMAIN).update(key).digest("hex").slice(0, ID_HEX),
		hmac: (message) => createHmac("sha256", key).update(message).digest(),
	};
}

async function readKeyFile(path: string): Promise<Buffer> {
	try {
		const file = await open(path, "r");
		try {
			const stat = await file.stat();
			if (!stat.isFile()) throw new Error(`${path} is no regular file`);
			// One byte more than a key and a line end may have: enough to see that it is too long.
			const buffer = Buffer.alloc(FIXED_LIMITS.hash_key_max_bytes.value + 3);
			const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
			return buffer.subarray(0, bytesRead);
		} finally {
			await file.close();
		}
	} catch (thrown) {
		throw unusable(errorMessage(thrown), thrown);
	}
}

function withoutFinalLineEnd(bytes: Buffer): Buffer {
	if (bytes.at(-1) !== LF) return bytes;
	return bytes.subarray(0, bytes.at(-2) === CR ? -2 : -1);
}

function unusable(message: string, cause?: unknown): PosternError {
	return new PosternError("hash_key_unusable", `fields.hash_key_file: ${message}`, { cause });
}
