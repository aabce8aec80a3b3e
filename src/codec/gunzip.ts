import type { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";

export interface GunzipLimits {
	/** Output, bytes; 0 undoes nothing. */
	readonly maxBytes: number;
	/** Output over input; small bodies may always grow to `freeBytes`. */
	readonly maxRatio: number;
	readonly freeBytes: number;
}

/** `too_large`: over a limit; `malformed`: no gzip, cut short, or with bytes behind its end. */
export type Gunzipped = Buffer | "too_large" | "malformed";

/** Undoes gzip at once, for bodies so small that another thread would cost more than the work (RFC 1952). */
export function createGunzip(limits: GunzipLimits): (body: Uint8Array) => Gunzipped {
	return (body) => {
		const { maxBytes, maxRatio, freeBytes } = limits;
		const maxOutputLength = Math.min(maxBytes, Math.max(freeBytes, body.length * maxRatio));
		if (maxOutputLength < 1) return "too_large";
		try {
			const { buffer, engine } = gunzipSync(body, { maxOutputLength, info: true }) as unknown as Inflated;
			return engine.bytesWritten === body.length ? buffer : "malformed";
		} catch (error) {
			const over = typeof error === "object" && error !== null && "code" in error;
			return over && error.code === "ERR_BUFFER_TOO_LARGE" ? "too_large" : "malformed";
		}
	};
}

/** What `info: true` gives, which the types of Node do not say. */
interface Inflated {
	readonly buffer: Buffer;
	readonly engine: { readonly bytesWritten: number };
}
