/** Raw bytes of a token that came in several chunks. */
export interface ByteBuffer {
	readonly bytes: Uint8Array;
	readonly length: number;
	append(b: Uint8Array, start: number, end: number): void;
	clear(): void;
}

const EMPTY = new Uint8Array(0);
const START = 64;
/** A larger store is let go after use. */
const KEEP = 65_536;

export function createByteBuffer(): ByteBuffer {
	let bytes: Uint8Array<ArrayBufferLike> = EMPTY;
	let length = 0;
	return {
		get bytes() {
			return bytes;
		},
		get length() {
			return length;
		},
		append(b, start, end) {
			const needed = length + end - start;
			if (needed > bytes.length) {
				const grown = new Uint8Array(Math.max(START, bytes.length * 2, needed));
				grown.set(bytes.subarray(0, length));
				bytes = grown;
			}
			bytes.set(b.subarray(start, end), length);
			length = needed;
		},
		clear() {
			length = 0;
			if (bytes.length > KEEP) bytes = EMPTY;
		},
	};
}
