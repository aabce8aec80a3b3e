import { open } from "node:fs/promises";
import { FIXED_LIMITS } from "../../config/limits.ts";
import type { TlsFiles } from "../../config/types.ts";
import { errorMessage } from "../../lib/error-message.ts";
import { PosternError } from "../../lib/errors.ts";
import type { TlsTexts } from "./material.ts";

/** Reads the files of one section. @throws PosternError `tls_unusable` */
export async function readTlsFiles(files: TlsFiles): Promise<TlsTexts> {
	// One after the other: of several that cannot be read it is always the first that is named.
	const certificate = await readText(files.certificate ?? "", "certificate");
	const key = await readText(files.key ?? "", "key");
	const clientCa = files.client_ca === undefined ? undefined : await readText(files.client_ca, "client_ca");
	return { certificate, key, ...(clientCa === undefined ? {} : { clientCa }) };
}

async function readText(path: string, what: string): Promise<string> {
	const limit = FIXED_LIMITS.tls_file_bytes.value;
	try {
		const file = await open(path, "r");
		try {
			const stat = await file.stat();
			// A pipe would be waited for without end.
			if (!stat.isFile()) throw new Error(`${path} is no regular file`);
			if (stat.size > limit) throw new Error(`${path} is larger than ${limit} bytes`);
			return await file.readFile("latin1");
		} finally {
			await file.close();
		}
	} catch (thrown) {
		throw new PosternError("tls_unusable", `${what}: ${errorMessage(thrown)}`, { cause: thrown });
	}
}
