import { Buffer } from "node:buffer";

const EQUALS = 0x3d;
const LF = 0x0a;
const CR = 0x0d;

/** Go's reader has a buffer of this size, and refuses a line that it cannot hold. */
const MAX_LINE_BYTES = 4096;

/**
 * Undoes quoted-printable (RFC 2045, section 6.7) as Go's `mime/quotedprintable` does: bytes of 128 and more pass, an `=`
 * that starts no escape is itself, white space at the end of a line goes. Undefined for what it refuses.
 */
export function unquotePrintable(bytes: Buffer): Buffer | undefined {
	const out = Buffer.allocUnsafe(bytes.length);
	let length = 0;
	let pos = 0;
	while (pos < bytes.length) {
		const feed = bytes.indexOf(LF, pos);
		const next = feed < 0 ? bytes.length : feed + 1;
		if (next - pos > (feed < 0 ? MAX_LINE_BYTES - 1 : MAX_LINE_BYTES)) return undefined;
		let stop = next;
		while (stop > pos && isSpace(bytes[stop - 1] as number)) stop--;
		let hard = feed >= 0;
		if (stop > pos && bytes[stop - 1] === EQUALS) {
			const soft =
				bytes[stop] === LF ||
				(bytes[stop] === CR && bytes[stop + 1] === LF) ||
				(stop === bytes.length && stop - 1 > pos);
			if (!soft) return undefined;
			stop--;
			hard = false;
		}
		for (; pos < stop; pos++) {
			const byte = bytes[pos] as number;
			if (byte === EQUALS) {
				const high = pos + 2 < stop ? hex(bytes[pos + 1] as number) : -1;
				const low = pos + 2 < stop ? hex(bytes[pos + 2] as number) : -1;
				if (high >= 0 && low >= 0) {
					out[length++] = high * 16 + low;
					pos += 2;
					continue;
				}
				if (pos + 1 >= stop && !hard) return undefined;
				if (bytes[pos + 1] === CR || bytes[pos + 1] === LF) return undefined;
			} else if (byte !== 0x09 && byte !== CR && (byte < 0x20 || byte === 0x7f)) return undefined;
			out[length++] = byte;
		}
		if (hard) {
			if (next - 2 >= 0 && bytes[next - 2] === CR) out[length++] = CR;
			out[length++] = LF;
		}
		pos = next;
	}
	return out.subarray(0, length);
}

function isSpace(byte: number): boolean {
	return byte === 0x20 || byte === 0x09 || byte === CR || byte === LF;
}

function hex(byte: number): number {
	if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
	const lower = byte | 0x20;
	return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
