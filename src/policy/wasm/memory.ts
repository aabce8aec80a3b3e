import { byteString } from "../term/byte-string.ts";

export const PAGE_BYTES = 65536;

/** Reads and writes the linear memory of one instance; follows its growth. */
export interface LinearMemory {
	readonly memory: WebAssembly.Memory;
	/** Grows, if need be, until `end` bytes are there; `false` when the maximum forbids it. */
	reserve(end: number): boolean;
	write(address: number, bytes: Uint8Array): void;
	/**
	 * The text before the next NUL, bytes that are no UTF-8 as `byteString` has them. `undefined` when there is none
	 * within `maxBytes`.
	 */
	text(address: number, maxBytes: number): string | undefined;
	/** The same for messages: cut at `maxBytes`, with replacement characters. */
	message(address: number, maxBytes: number): string;
}

export function linearMemory(memory: WebAssembly.Memory): LinearMemory {
	let view = Buffer.from(memory.buffer);
	// Growth detaches the buffer that the view was made over.
	const bytes = (): Buffer => {
		if (view.buffer !== memory.buffer) view = Buffer.from(memory.buffer);
		return view;
	};
	return {
		memory,
		reserve(end) {
			const missing = end - memory.buffer.byteLength;
			if (missing <= 0) return true;
			try {
				memory.grow(Math.ceil(missing / PAGE_BYTES));
				return true;
			} catch {
				return false;
			}
		},
		write(address, source) {
			bytes().set(source, address);
		},
		text(address, maxBytes) {
			const all = bytes();
			const end = address <= 0 ? -1 : all.indexOf(0, address);
			if (end < 0 || end - address > maxBytes) return undefined;
			const text = all.toString("utf8", address, end);
			return text.includes("\ufffd") ? byteString(all.subarray(address, end)) : text;
		},
		message(address, maxBytes) {
			const window = bytes().subarray(address, address + maxBytes);
			const length = window.indexOf(0);
			return window.toString("utf8", 0, length < 0 ? window.length : length);
		},
	};
}
