/** The string that the raw bytes between two quotes stand for; they are known to be valid. */
export function decodeString(b: Uint8Array, start: number, end: number): string {
	const text = asBuffer(b).toString("utf8", start, end);
	return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
}

/** A new scalar as JSON.stringify writes it. */
export function encodeScalar(value: string | number): Uint8Array {
	return Buffer.from(JSON.stringify(value));
}

/** The same memory as a Buffer, whose conversions are native. */
export function asBuffer(b: Uint8Array): Buffer {
	return Buffer.isBuffer(b) ? b : Buffer.from(b.buffer, b.byteOffset, b.byteLength);
}
