import { EOS, huffmanCodes } from "./huffman-code.ts";

/**
 * The code as a machine that takes four bits at a time. A state is an inner node of the tree, 0 its root; no code is
 * shorter than five bits, so a step gives one octet at most. An entry: next state, octet << 8, and the marks below.
 */
const STEPS = new Uint32Array(256 * 16);
const GIVES = 1 << 16;
const WRONG = 1 << 17;

/** States in which a text may end: fewer than eight bits are left over, all of them ones (RFC 7541, section 5.2). */
const ENDS = new Uint8Array(256);

build();

function build(): void {
	/** Node → its two followers: another inner node, or −1 − symbol. */
	const tree: [number, number][] = [[0, 0]];
	for (const { symbol, bits, length } of huffmanCodes()) {
		let node = 0;
		for (let left = length - 1; left >= 0; left--) {
			const bit = ((bits >>> left) & 1) as 0 | 1;
			const pair = tree[node] as [number, number];
			if (left === 0) pair[bit] = -1 - symbol;
			else {
				if (pair[bit] === 0) pair[bit] = tree.push([0, 0]) - 1;
				node = pair[bit];
			}
		}
	}
	for (let state = 0; state < tree.length; state++) {
		for (let nibble = 0; nibble < 16; nibble++) STEPS[(state << 4) | nibble] = step(tree, state, nibble);
	}
	let node = 0;
	for (let ones = 0; ones < 8; ones++) {
		ENDS[node] = 1;
		node = tree[node]?.[1] as number;
	}
}

function step(tree: readonly (readonly [number, number])[], state: number, nibble: number): number {
	let node = state;
	let given = 0;
	for (let left = 3; left >= 0; left--) {
		node = tree[node]?.[((nibble >>> left) & 1) as 0 | 1] as number;
		if (node >= 0) continue;
		const symbol = -1 - node;
		// EOS inside a text is an error (section 5.2).
		if (symbol === EOS) return WRONG;
		given = GIVES | (symbol << 8);
		node = 0;
	}
	return given | node;
}

/** Most octets that `length` octets of Huffman code can stand for. */
export function mostDecoded(length: number): number {
	return Math.floor((length * 8) / 5);
}

/**
 * Undoes the Huffman code between two offsets. Writes to `out` from `at` on, which must have room for
 * {@link mostDecoded}; gives back where the text ends, or −1 where it is no text.
 */
export function decodeHuffman(
	bytes: Uint8Array,
	start: number,
	end: number,
	out: Uint8Array,
	at: number,
): number {
	let state = 0;
	let to = at;
	for (let pos = start; pos < end; pos++) {
		const byte = bytes[pos] as number;
		const high = STEPS[(state << 4) | (byte >> 4)] as number;
		if (high >= GIVES) {
			if (high >= WRONG) return -1;
			out[to++] = high >> 8;
		}
		const low = STEPS[((high & 0xff) << 4) | (byte & 15)] as number;
		if (low >= GIVES) {
			if (low >= WRONG) return -1;
			out[to++] = low >> 8;
		}
		state = low & 0xff;
	}
	return ENDS[state] === 1 ? to : -1;
}
