import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { extract } from "tar-stream";
import { hasErrorCode } from "../../lib/error-message.ts";
import { PosternError } from "../../lib/errors.ts";
import { MAX_BUNDLE_ENTRIES } from "../limits.ts";

const gunzipAsync = promisify(gunzip);

const MAX_PATH_BYTES = 512;

const invalid = (what: string): PosternError => new PosternError("bundle_invalid", `bundle: ${what}`);

/** The path of an entry, relative and in one spelling: OPA writes `/data.json`, tar `./data.json`. */
function entryPath(name: string): string {
	const path = name.replace(/^(?:\.?\/)/, "");
	const plain = path.replace(/\/$/, "");
	const segments = plain.split("/");
	if (
		Buffer.byteLength(path) > MAX_PATH_BYTES ||
		/[\\\p{Cc}\p{Surrogate}]/u.test(path) ||
		segments.some((segment) => segment === ".." || segment === "." || (segment === "" && plain !== ""))
	) {
		throw invalid(`path ${JSON.stringify(name.slice(0, MAX_PATH_BYTES))} is not allowed`);
	}
	return plain;
}

async function inflate(bytes: Uint8Array, maxBytes: number): Promise<Buffer> {
	try {
		return await gunzipAsync(bytes, { maxOutputLength: maxBytes });
	} catch (thrown) {
		if (hasErrorCode(thrown, "ERR_BUFFER_TOO_LARGE")) {
			throw new PosternError("bundle_too_large", `bundle: more than ${maxBytes} bytes unpacked`, {
				cause: thrown,
			});
		}
		throw invalid("not a whole gzip file");
	}
}

/**
 * Reads a `.tar.gz` into memory: regular files by path, in the archive's order. Links, devices, repeated and
 * outside paths are refused, folders passed over.
 * @throws {PosternError} `bundle_too_large`, `bundle_invalid`
 */
export async function unpack(bytes: Uint8Array, maxBytes: number): Promise<ReadonlyMap<string, Buffer>> {
	if (bytes.length > maxBytes) {
		throw new PosternError("bundle_too_large", `bundle: ${bytes.length} bytes, more than ${maxBytes}`);
	}
	const tar = extract();
	tar.end(await inflate(bytes, maxBytes));
	const files = new Map<string, Buffer>();
	let entries = 0;
	try {
		for await (const entry of tar) {
			if (++entries > MAX_BUNDLE_ENTRIES) throw invalid(`more than ${MAX_BUNDLE_ENTRIES} entries`);
			const path = entryPath(entry.header.name);
			const chunks: Buffer[] = [];
			for await (const chunk of entry) chunks.push(chunk as Buffer);
			if (entry.header.type === "directory") continue;
			if (entry.header.type !== "file")
				throw invalid(`${path} is a ${String(entry.header.type)}, not a file`);
			if (path === "") throw invalid("a file without a name");
			if (files.has(path)) throw invalid(`${path} is there twice`);
			files.set(path, Buffer.concat(chunks));
		}
	} catch (thrown) {
		if (thrown instanceof PosternError) throw thrown;
		throw new PosternError("bundle_invalid", "bundle: not a whole tar archive", { cause: thrown });
	}
	return files;
}
