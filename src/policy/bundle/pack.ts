import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { pack as packTar } from "tar-stream";

const gzipAsync = promisify(gzip);

/** Where a gzip header (RFC 1952) names the operating system; 255 stands for "unknown". */
const GZIP_OS_OFFSET = 9;

/** Writes a `.tar.gz` that depends on names and contents alone: sorted, no times, no owners. */
export async function pack(files: ReadonlyMap<string, Uint8Array>): Promise<Buffer> {
	const tar = packTar();
	const whole = buffer(tar);
	for (const [path, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
		tar.entry({ name: `/${path}`, mode: 0o644, mtime: new Date(0), uid: 0, gid: 0 }, Buffer.from(bytes));
	}
	tar.finalize();
	const bytes = await gzipAsync(await whole, { level: 9 });
	bytes[GZIP_OS_OFFSET] = 255;
	return bytes;
}
