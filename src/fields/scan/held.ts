import { MAX_HELD_BYTES } from "../limits.ts";
import type { Output } from "./output.ts";

/**
 * What stands before a member whose verdict is not known yet and came with earlier chunks: it goes out
 * if the member stays. Framing (line ends and field names of an event stream) goes out in any case.
 */
export interface Held {
	readonly empty: boolean;
	/** Answers false when there would be too much of it. */
	add(bytes: Uint8Array, framing: boolean): boolean;
	/** The member stays. */
	release(output: Output): void;
	/** The member goes. */
	drop(output: Output): void;
}

export function createHeld(): Held {
	let parts: { bytes: Uint8Array; framing: boolean }[] = [];
	let size = 0;
	const clear = (): void => {
		parts = [];
		size = 0;
	};
	return {
		get empty() {
			return parts.length === 0;
		},
		add(bytes, framing) {
			if (bytes.length === 0) return true;
			size += bytes.length;
			if (size > MAX_HELD_BYTES) return false;
			// Copied: a reference would keep a whole chunk alive for a few bytes.
			parts.push({ bytes: Uint8Array.from(bytes), framing });
			return true;
		},
		release(output) {
			for (const part of parts) output.put(part.bytes);
			clear();
		},
		drop(output) {
			for (const part of parts) if (part.framing) output.put(part.bytes);
			clear();
		},
	};
}
