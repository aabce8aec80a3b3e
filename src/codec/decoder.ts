import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import type { Coding } from "./content-coding.ts";

export interface DecodeLimits {
	/** Output of one body, bytes. */
	readonly maxBytes: number;
	/** Output over input of one body; small bodies may always grow to `freeBytes`. */
	readonly maxRatio: number;
	/** Below this many output bytes the ratio is not looked at: short JSON compresses very well. */
	readonly freeBytes: number;
	/** Output that all bodies being decoded at one time may reach together, bytes. */
	readonly maxTotalBytes: number;
}

export type Decoded =
	| { readonly ok: true; readonly body: Uint8Array }
	/** `too_large`: over a limit; `malformed`: not what its coding says; `busy`: the total is used up. */
	| { readonly ok: false; readonly reason: "too_large" | "malformed" | "busy" };

export interface Decoder {
	/** Never rejects. */
	decode(coding: Coding, body: Uint8Array): Promise<Decoded>;
}

const RUN = {
	gzip: promisify(gunzip) as Run,
	deflate: promisify(inflate) as Run,
	br: promisify(brotliDecompress) as Run,
} as const satisfies Record<Coding, Run>;

type Run = (body: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

/**
 * Undoes content codings under limits, off the event loop. What one body may become is reserved before it
 * is decoded, so that many bombs at once are refused as surely as one.
 */
export function createDecoder(limits: DecodeLimits): Decoder {
	let reserved = 0;
	return {
		async decode(coding, body) {
			const allowance = Math.min(limits.maxBytes, Math.max(limits.freeBytes, body.length * limits.maxRatio));
			if (reserved + allowance > limits.maxTotalBytes) return { ok: false, reason: "busy" };
			reserved += allowance;
			try {
				return { ok: true, body: await RUN[coding](body, { maxOutputLength: Math.max(1, allowance) }) };
			} catch (error) {
				return { ok: false, reason: isOverLimit(error) ? "too_large" : "malformed" };
			} finally {
				reserved -= allowance;
			}
		},
	};
}

function isOverLimit(error: unknown): boolean {
	return (
		typeof error === "object" && error !== null && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE"
	);
}
