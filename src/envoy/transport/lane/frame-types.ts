/** RFC 9113, section 6. */
export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const FLAG_ACK = 0x1;
export const FLAG_END_STREAM = 0x1;
export const FLAG_END_HEADERS = 0x4;
export const FLAG_PADDED = 0x8;
export const FLAG_PRIORITY = 0x20;

export const FRAME_HEADER_BYTES = 9;

/** Payload of a frame in either direction: what SETTINGS_MAX_FRAME_SIZE is unless it was raised (section 6.5.2). */
export const MAX_FRAME_BYTES = 16_384;

export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** Writes the nine octets in front of a frame (section 4.1). */
export function writeFrameHeader(
	out: Uint8Array,
	at: number,
	length: number,
	type: number,
	flags: number,
	stream: number,
): void {
	out[at] = length >>> 16;
	out[at + 1] = length >>> 8;
	out[at + 2] = length;
	out[at + 3] = type;
	out[at + 4] = flags;
	writeUint32(out, at + 5, stream);
}

export function writeUint32(out: Uint8Array, at: number, value: number): void {
	out[at] = value >>> 24;
	out[at + 1] = value >>> 16;
	out[at + 2] = value >>> 8;
	out[at + 3] = value;
}

/** Without its first bit, which is reserved wherever such a number stands. */
export function readUint31(bytes: Uint8Array, at: number): number {
	return (
		(((bytes[at] as number) & 0x7f) << 24) |
		((bytes[at + 1] as number) << 16) |
		((bytes[at + 2] as number) << 8) |
		(bytes[at + 3] as number)
	);
}
