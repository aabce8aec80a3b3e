import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { FIXED_LIMITS } from "../config/limits.ts";
import { errorMessage } from "../lib/error-message.ts";
import { PosternError, toPosternError } from "../lib/errors.ts";
import { watchFile } from "../policy/source/watch-file.ts";
import type { Logger } from "../telemetry/types.ts";

/** The token of one right, by its SHA-256: the token itself is not kept. */
export interface AdminToken {
	current(): Buffer;
	stop(): void;
}

const POLL_MS = 5000;

/** Reads a token, and again whenever its file changes; a bad file leaves the last good token in force. @throws PosternError `admin_token_unusable` */
export async function watchAdminToken(
	key: "read_token_file" | "write_token_file",
	path: string,
	log: Logger,
): Promise<AdminToken> {
	let digest = await readAdminToken(key, path);
	let told: string | undefined;
	const look = async (): Promise<void> => {
		try {
			const next = await readAdminToken(key, path);
			told = undefined;
			if (next.equals(digest)) return;
			digest = next;
			log.info({ key: `serve.admin_auth.${key}` }, "admin token renewed");
		} catch (thrown) {
			const { message } = toPosternError(thrown);
			if (message !== told) log.error({ error: message }, "the admin token was not renewed");
			told = message;
		}
	};
	return { current: () => digest, stop: watchFile(path, POLL_MS, () => void look()) };
}

/** SHA-256 of a token. @throws PosternError `admin_token_unusable` */
export async function readAdminToken(
	key: "read_token_file" | "write_token_file",
	path: string,
): Promise<Buffer> {
	const { admin_token_min_bytes: min, admin_token_max_bytes: max } = FIXED_LIMITS;
	let text: string;
	try {
		const file = await open(path, "r");
		try {
			if (!(await file.stat()).isFile()) throw new Error(`${path} is no regular file`);
			const buffer = Buffer.alloc(max.value + 3);
			const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
			text = buffer.toString("latin1", 0, bytesRead).replace(/\r?\n$/, "");
		} finally {
			await file.close();
		}
	} catch (thrown) {
		throw unusable(key, errorMessage(thrown), thrown);
	}
	if (!/^[\x21-\x7e]*$/.test(text))
		throw unusable(key, `${path} holds something else than printable ASCII without spaces`);
	if (text.length < min.value || text.length > max.value)
		throw unusable(
			key,
			`${path} holds a token of ${text.length} bytes; it must have ${min.value} to ${max.value}`,
		);
	return createHash("sha256").update(text).digest();
}

function unusable(key: string, message: string, cause?: unknown): PosternError {
	return new PosternError("admin_token_unusable", `serve.admin_auth.${key}: ${message}`, { cause });
}
