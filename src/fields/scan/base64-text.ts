/** Value of a character, or 255. */
const VALUE = new Uint8Array(256).fill(255);
for (const [value, char] of [
	..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
].entries()) {
	VALUE[char.charCodeAt(0)] = value;
}
const PAD = 0x3d;

/** Base64 (RFC 4648, section 4) that comes in pieces; several padded texts may follow one another. */
export interface Base64Text {
	/** The bytes that `text` completes, as far as it is base64: then `broken` tells that it is not. */
	decode(text: Uint8Array): Uint8Array;
	/** Something was met that is no base64: another character, bits behind the end. */
	readonly broken: boolean;
	/** Whether the text may end here. */
	complete(): boolean;
}

export function createBase64Text(): Base64Text {
	/** Bits of the group of four characters at hand, how many came, and how many of them pad. */
	let bits = 0;
	let chars = 0;
	let pads = 0;
	let broken = false;
	return {
		get broken() {
			return broken;
		},
		decode(text) {
			const bytes = new Uint8Array(Math.floor((text.length + chars) / 4) * 3);
			let length = 0;
			for (const char of text) {
				const value = VALUE[char]!;
				broken ||= char === PAD ? chars < 2 : value === 255 || pads > 0;
				if (broken) break;
				if (char === PAD) pads++;
				bits = (bits << 6) | (char === PAD ? 0 : value);
				if (++chars < 4) continue;
				// Bits that belong to no byte are zero, or two texts would stand for the same bytes.
				broken ||= pads > 0 && (bits & (pads === 1 ? 0xff : 0xffff)) !== 0;
				if (broken) break;
				for (let k = 0; k < 3 - pads; k++) bytes[length++] = (bits >> (16 - 8 * k)) & 0xff;
				bits = 0;
				chars = 0;
				pads = 0;
			}
			return bytes.subarray(0, length);
		},
		complete: () => chars === 0,
	};
}
