import { readFile, stat } from "node:fs/promises";
import { FIXED_LIMITS } from "../config/limits.ts";
import { type Descriptors, readDescriptors } from "../envoy/protobuf/descriptors.ts";
import { errorMessage } from "../lib/error-message.ts";
import { PosternError } from "../lib/errors.ts";

/**
 * Reads the descriptor set of `request.proto_descriptor`.
 *
 * @throws PosternError `descriptors_invalid`: unreadable, larger than 16 MiB, or no descriptor set.
 */
export async function loadDescriptors(path: string): Promise<Descriptors> {
	try {
		const { size } = await stat(path);
		const limit = FIXED_LIMITS.descriptor_set_bytes.value;
		if (size > limit) throw new Error(`${path} is larger than ${limit} bytes`);
		return readDescriptors(await readFile(path));
	} catch (thrown) {
		const message = `request.proto_descriptor: ${errorMessage(thrown)}`;
		throw new PosternError("descriptors_invalid", message, { cause: thrown });
	}
}
