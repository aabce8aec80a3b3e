/** Raw bytes of a token that came in several chunks: `bytes[0, length)`. */
export interface ByteBuffer {
	bytes: Uint8Array;
	length: number;
}

const EMPTY = new Uint8Array(0);
const START = 64;
/** A larger store is let go after use. */
const KEEP = 65_536;

export function createByteBuffer(): ByteBuffer {
	return { bytes: EMPTY, length: 0 };
}

export function appendBytes(buffer: ByteBuffer, b: Uint8Array, start: number, end: number): void {
	const at = grow(buffer, end - start);
	buffer.bytes.set(b.subarray(start, end), at);
}

export function appendByte(buffer: ByteBuffer, byte: number): void {
	// `grow` may put another store in the place of `bytes`.
	const at = grow(buffer, 1);
	buffer.bytes[at] = byte;
}

export function clearBytes(buffer: ByteBuffer): void {
	buffer.length = 0;
	if (buffer.bytes.length > KEEP) buffer.bytes = EMPTY;
}

/** Makes room for `count` more bytes; answers where they go. */
function grow(buffer: ByteBuffer, count: number): number {
	const at = buffer.length;
	buffer.length = at + count;
	if (buffer.length > buffer.bytes.length) {
		const grown = new Uint8Array(Math.max(START, buffer.bytes.length * 2, buffer.length));
		grown.set(buffer.bytes.subarray(0, at));
		buffer.bytes = grown;
	}
	return at;
}
