import type { Buffer } from "node:buffer";
import { gunzipSync, inflateSync } from "node:zlib";

export interface InflateLimits {
	/** Output, bytes; 0 undoes nothing. */
	readonly maxBytes: number;
	/** Output over input; small bodies may always grow to `freeBytes`. */
	readonly maxRatio: number;
	readonly freeBytes: number;
}

/** `too_large`: over a limit; `malformed`: not of that coding, cut short, or with bytes behind its end. */
export type Inflated = Buffer | "too_large" | "malformed";

/** gzip (RFC 1952), and deflate in the frame that HTTP and gRPC mean by it (RFC 1950). */
const RUN = { gzip: gunzipSync, deflate: inflateSync } as const;

export type InflateCoding = keyof typeof RUN;

/** Undoes a coding at once, for bodies so small that another thread would cost more than the work. */
export function inflateNow(coding: InflateCoding, body: Uint8Array, limits: InflateLimits): Inflated {
	const { maxBytes, maxRatio, freeBytes } = limits;
	const maxOutputLength = Math.min(maxBytes, Math.max(freeBytes, body.length * maxRatio));
	if (maxOutputLength < 1) return "too_large";
	try {
		const { buffer, engine } = RUN[coding](body, { maxOutputLength, info: true }) as unknown as WithEngine;
		return engine.bytesWritten === body.length ? buffer : "malformed";
	} catch (error) {
		const over = typeof error === "object" && error !== null && "code" in error;
		return over && error.code === "ERR_BUFFER_TOO_LARGE" ? "too_large" : "malformed";
	}
}

/** Undoes gzip. */
export function createGunzip(limits: InflateLimits): (body: Uint8Array) => Inflated {
	return (body) => inflateNow("gzip", body, limits);
}

/** What `info: true` gives, which the types of Node do not say. */
interface WithEngine {
	readonly buffer: Buffer;
	readonly engine: { readonly bytesWritten: number };
}
