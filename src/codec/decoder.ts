import type { Coding } from "./content-coding.ts";
import { type DecodeStream, openDecodeStream } from "./decode-stream.ts";
import { UNFOLDINGS } from "./unfold.ts";

export interface DecodeLimits {
	/** Output of one body, or of one piece of a body that flows, bytes. */
	readonly maxBytes: number;
	/** Output over input of one body; small bodies may always grow to `freeBytes`. */
	readonly maxRatio: number;
	/** Below this many output bytes the ratio is not looked at: short JSON compresses very well. */
	readonly freeBytes: number;
	/** What all bodies being decoded at one time may take together, bytes. */
	readonly maxTotalBytes: number;
}

export type Decoded =
	| { readonly ok: true; readonly body: Uint8Array }
	/** `too_large`: over a limit; `malformed`: not what its coding says; `busy`: the total is used up. */
	| { readonly ok: false; readonly reason: "too_large" | "malformed" | "busy" };

export interface Decoder {
	/** Never rejects. */
	decode(coding: Coding, body: Uint8Array): Promise<Decoded>;
	/** A body that flows; undefined: the total is used up. */
	open(coding: Coding): DecodeStream | undefined;
}

/**
 * Undoes content codings under limits, off the event loop. What one body may become is reserved before it
 * is decoded, and so is the window of one that flows: many bombs at once are refused as surely as one.
 */
export function createDecoder(limits: DecodeLimits): Decoder {
	const { maxBytes, maxRatio, freeBytes } = limits;
	let reserved = 0;

	/** Answers how to give it back; undefined when there is no room. */
	function reserve(bytes: number): (() => void) | undefined {
		if (reserved + bytes > limits.maxTotalBytes) return undefined;
		reserved += bytes;
		return () => {
			reserved -= bytes;
		};
	}

	return {
		async decode(coding, body) {
			const allowance = Math.min(maxBytes, Math.max(freeBytes, body.length * maxRatio));
			const giveBack = reserve(allowance);
			if (giveBack === undefined) return { ok: false, reason: "busy" };
			try {
				return { ok: true, body: await UNFOLDINGS[coding].whole(body, allowance) };
			} catch (error) {
				return { ok: false, reason: isOverLimit(error) ? "too_large" : "malformed" };
			} finally {
				giveBack();
			}
		},
		open(coding) {
			const giveBack = reserve(UNFOLDINGS[coding].memory);
			if (giveBack === undefined) return undefined;
			return openDecodeStream(coding, { maxPieceBytes: maxBytes, maxRatio, freeBytes }, giveBack);
		},
	};
}

function isOverLimit(error: unknown): boolean {
	return (
		typeof error === "object" && error !== null && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE"
	);
}
