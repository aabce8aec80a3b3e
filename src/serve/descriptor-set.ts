import { readFile, stat } from "node:fs/promises";
import { FIXED_LIMITS } from "../config/limits.ts";
import { readDescriptors } from "../envoy/protobuf/descriptors.ts";
import { errorMessage } from "../lib/error-message.ts";
import { PosternError } from "../lib/errors.ts";

/**
 * Reads the file of a descriptor set, and finds out whether it can be used.
 *
 * @param key what names the file, for the error: `request.proto_descriptor`, `--descriptors`
 * @throws PosternError `descriptors_invalid`: unreadable, larger than 16 MiB, or no descriptor set.
 */
export async function readDescriptorFile(path: string, key: string): Promise<Buffer> {
	try {
		const { size } = await stat(path);
		const limit = FIXED_LIMITS.descriptor_set_bytes.value;
		if (size > limit) throw new Error(`${path} is larger than ${limit} bytes`);
		const bytes = await readFile(path);
		checkDescriptors(bytes);
		return bytes;
	} catch (thrown) {
		throw new PosternError("descriptors_invalid", `${key}: ${errorMessage(thrown)}`, { cause: thrown });
	}
}

/** @throws PosternError `descriptors_invalid` for a set whose types are not all there */
export function checkDescriptors(bytes: Uint8Array): void {
	readDescriptors(bytes);
}
