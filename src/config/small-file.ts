import { readFileSync, statSync } from "node:fs";
import { hasErrorCode } from "../lib/error-message.ts";
import { FIXED_LIMITS } from "./limits.ts";

/** A regular file's text, UTF-8, of bounded size. Throws an Error whose message says what is wrong without repeating content. */
export function readSmallFile(path: string, limit: number = FIXED_LIMITS.config_file_bytes.value): string {
	try {
		const stat = statSync(path);
		// A device or a pipe would be read without end.
		if (!stat.isFile()) throw new Error(`${path} is no regular file`);
		if (stat.size > limit) throw new Error(`${path} is larger than ${limit} bytes`);
		return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
	} catch (thrown) {
		if (hasErrorCode(thrown, "ERR_ENCODING_INVALID_ENCODED_DATA"))
			throw new Error(`${path} is not UTF-8`, { cause: thrown });
		if (hasErrorCode(thrown, "ENOENT")) throw new Error(`${path} does not exist`, { cause: thrown });
		throw thrown;
	}
}
