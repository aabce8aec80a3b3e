import { Buffer } from "node:buffer";
import { HpackError } from "./hpack-error.ts";
import { decodeHuffman, mostDecoded } from "./huffman.ts";

/** A place in a header block. */
export interface BlockCursor {
	bytes: Buffer;
	pos: number;
	end: number;
}

/** More octets would be a number that no table and no block has. */
const MOST_CONTINUED = 4;

/** An integer whose prefix fills the low bits under `mask` of the octet here (RFC 7541, section 5.1). @throws HpackError */
export function readInteger(c: BlockCursor, mask: number): number {
	if (c.pos >= c.end) throw new HpackError("truncated integer");
	const prefix = (c.bytes[c.pos++] as number) & mask;
	if (prefix < mask) return prefix;
	let value = mask;
	for (let index = 0; index < MOST_CONTINUED; index++) {
		if (c.pos >= c.end) throw new HpackError("truncated integer");
		const byte = c.bytes[c.pos++] as number;
		value += (byte & 0x7f) * 2 ** (7 * index);
		if (byte < 0x80) return value;
	}
	throw new HpackError("an integer out of range");
}

let scratch = Buffer.allocUnsafeSlow(4096);

/** A string literal as one character per octet (section 5.2). @throws HpackError */
export function readText(c: BlockCursor): string {
	const huffman = c.pos < c.end && (c.bytes[c.pos] as number) >= 0x80;
	const length = readInteger(c, 0x7f);
	const start = c.pos;
	if (length > c.end - start) throw new HpackError("truncated string");
	c.pos = start + length;
	if (!huffman) return c.bytes.toString("latin1", start, c.pos);
	const most = mostDecoded(length);
	if (most > scratch.length) scratch = Buffer.allocUnsafeSlow(most);
	const end = decodeHuffman(c.bytes, start, c.pos, scratch, 0);
	if (end < 0) throw new HpackError("no Huffman code");
	return scratch.toString("latin1", 0, end);
}
