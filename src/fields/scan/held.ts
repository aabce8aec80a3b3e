import { MAX_HELD_BYTES } from "../limits.ts";
import { type Output, putBytes } from "./output.ts";

/**
 * What stands before a member whose verdict is not known yet and came with earlier chunks: it goes out
 * if the member stays. Framing (line ends and field names of an event stream) goes out in any case.
 */
export interface Held {
	parts: { readonly bytes: Uint8Array; readonly framing: boolean }[];
	size: number;
}

export function createHeld(): Held {
	return { parts: [], size: 0 };
}

/** Answers false when there would be too much of it. */
export function holdBytes(held: Held, bytes: Uint8Array, framing: boolean): boolean {
	if (bytes.length === 0) return true;
	held.size += bytes.length;
	if (held.size > MAX_HELD_BYTES) return false;
	// Copied: a reference would keep a whole chunk alive for a few bytes.
	held.parts.push({ bytes: Uint8Array.from(bytes), framing });
	return true;
}

/** The verdict is known: hands out all of it when the member stays, else the framing alone. */
export function settleHeld(held: Held, stays: boolean, output: Output): void {
	for (const part of held.parts) if (stays || part.framing) putBytes(output, part.bytes);
	held.parts = [];
	held.size = 0;
}
