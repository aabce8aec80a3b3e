import { huffmanCodes } from "../../../src/envoy/transport/lane/hpack/huffman-code.ts";
import { STATIC_TABLE } from "../../../src/envoy/transport/lane/hpack/static-table.ts";

export type Pair = readonly [name: string, value: string];

/** How one field is to be written; what cannot be done is done as a literal. */
export interface Style {
	/** `indexed` where a table has the field; else with or without a new entry. */
	readonly form: "indexed" | "incremental" | "without" | "never";
	/** The name by its index where a table has it. */
	readonly nameByIndex: boolean;
	readonly huffman: boolean;
}

/** Code of each octet as text of ones and zeros. */
const CODES = new Map(
	huffmanCodes().map(({ symbol, bits, length }) => [symbol, bits.toString(2).padStart(length, "0")]),
);

export function huffmanBytes(text: string): Buffer {
	let bits = "";
	for (const octet of Buffer.from(text, "latin1")) bits += CODES.get(octet);
	bits += "1".repeat((8 - (bits.length % 8)) % 8);
	return Buffer.from(bits.match(/.{8}/g)?.map((each) => Number.parseInt(each, 2)) ?? []);
}

/** RFC 7541, section 5.1: `flags` fill what the prefix leaves free. */
export function integerBytes(value: number, prefixBits: number, flags = 0): Buffer {
	const most = 2 ** prefixBits - 1;
	if (value < most) return Buffer.from([flags | value]);
	const octets = [flags | most];
	let rest = value - most;
	while (rest >= 128) {
		octets.push((rest % 128) | 128);
		rest = Math.floor(rest / 128);
	}
	return Buffer.from([...octets, rest]);
}

function textBytes(text: string, huffman: boolean): Buffer {
	const bytes = huffman ? huffmanBytes(text) : Buffer.from(text, "latin1");
	return Buffer.concat([integerBytes(bytes.length, 7, huffman ? 0x80 : 0), bytes]);
}

/** An encoder that follows RFC 7541 to the letter and is told what to choose; lists in the place of rings. */
export function createHpackEncoder(limit = 4096) {
	let table: Pair[] = [];
	let maxSize = limit;
	const sizeOf = ([name, value]: Pair) => name.length + value.length + 32;
	const total = () => table.reduce((sum, pair) => sum + sizeOf(pair), 0);
	const evict = (room: number) => {
		while (table.length > 0 && total() > room) table.pop();
	};
	const indexOf = (fits: (pair: Pair) => boolean): number => {
		const fixed = STATIC_TABLE.findIndex(({ name, value }) => fits([name, value]));
		if (fixed >= 0) return fixed + 1;
		const own = table.findIndex(fits);
		return own < 0 ? 0 : STATIC_TABLE.length + 1 + own;
	};
	return {
		/** What a decoder's dynamic table must hold now, newest first. */
		entries: (): readonly Pair[] => table,
		tableSize: total,
		resize(size: number): Buffer {
			maxSize = size;
			evict(size);
			return integerBytes(size, 5, 0x20);
		},
		field(pair: Pair, { form, nameByIndex, huffman }: Style): Buffer {
			const [name, value] = pair;
			const whole = indexOf((each) => each[0] === name && each[1] === value);
			if (form === "indexed" && whole > 0) return integerBytes(whole, 7, 0x80);
			const index = nameByIndex ? indexOf((each) => each[0] === name) : 0;
			const [bits, flags] = form === "without" ? [4, 0] : form === "never" ? [4, 0x10] : ([6, 0x40] as const);
			const bytes = Buffer.concat([
				integerBytes(index, bits, flags),
				...(index === 0 ? [textBytes(name, huffman)] : []),
				textBytes(value, huffman),
			]);
			if (bits === 6) {
				evict(maxSize - sizeOf(pair));
				if (sizeOf(pair) <= maxSize) table = [pair, ...table];
			}
			return bytes;
		},
	};
}
