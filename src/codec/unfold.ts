import {
	type BrotliDecompress,
	brotliDecompress,
	constants,
	createBrotliDecompress,
	createGunzip,
	createInflate,
	createZstdDecompress,
	type Gunzip,
	gunzip,
	type Inflate,
	inflate,
	type ZstdDecompress,
	zstdDecompress,
} from "node:zlib";
import type { Coding } from "./content-coding.ts";

/** What `node:zlib` has for one coding. */
export interface Unfolding {
	/** Undoes a whole body; fails where it would become longer than `most`, bytes. */
	whole(body: Uint8Array, most: number): Promise<Buffer>;
	/** Undoes a body that comes in pieces. */
	open(): Gunzip | Inflate | BrotliDecompress | ZstdDecompress;
	/** Memory that one open stream may take, bytes: its window, and what it does its work in. */
	readonly memory: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** RFC 9659: a sender of this coding asks for a window of 8 MiB at most. */
const ZSTD = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };

export const UNFOLDINGS: Readonly<Record<Coding, Unfolding>> = {
	gzip: { whole: whole(gunzip as Run, {}), open: () => createGunzip(), memory: 64 * KIB },
	deflate: { whole: whole(inflate as Run, {}), open: () => createInflate(), memory: 64 * KIB },
	br: {
		whole: whole(brotliDecompress as Run, {}),
		open: () => createBrotliDecompress(),
		memory: 17 * MIB,
	},
	zstd: {
		whole: whole(zstdDecompress as Run, ZSTD),
		open: () => createZstdDecompress(ZSTD),
		memory: 9 * MIB,
	},
};

/** With `info: true` the result says how much of the input was read; the types of Node do not know that. */
type Run = (
	body: Uint8Array,
	options: object,
	done: (
		error: Error | null,
		result: { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } },
	) => void,
) => void;

function whole(run: Run, options: object): Unfolding["whole"] {
	return (body, most) =>
		new Promise((resolve, reject) => {
			run(body, { ...options, maxOutputLength: Math.max(1, most), info: true }, (error, result) => {
				if (error !== null) reject(error);
				else if (result.engine.bytesWritten !== body.length) reject(new Error("bytes behind the end"));
				else resolve(result.buffer);
			});
		});
}
