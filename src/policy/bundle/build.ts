import { randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { errorMessage } from "../../lib/error-message.ts";
import { PosternError } from "../../lib/errors.ts";
import { type BuildOptions, type BuiltBundle, makeBundle } from "./make.ts";

/**
 * Builds a bundle and writes it to `out` in one step: a watcher never sees half a file.
 * @throws {PosternError} as `makeBundle`, and `file_unwritable`
 */
export async function buildBundle(options: BuildOptions & { readonly out: string }): Promise<BuiltBundle> {
	const built = await makeBundle(options);
	const partial = `${options.out}.${randomUUID()}.part`;
	try {
		await writeFile(partial, built.bytes);
		await rename(partial, options.out);
	} catch (thrown) {
		await rm(partial, { force: true });
		throw new PosternError("file_unwritable", `${options.out}: ${errorMessage(thrown)}`, { cause: thrown });
	}
	return built;
}
