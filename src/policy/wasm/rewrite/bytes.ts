/** The bytes are no module that can be rewritten. Its message says why. */
export class ModuleFormatError extends Error {
	override readonly name = "ModuleFormatError";
}

/** Reads the parts of a WebAssembly module in order; never beyond `end`. */
export interface ByteReader {
	position(): number;
	ended(): boolean;
	byte(): number;
	/** An unsigned number of up to 32 bits in LEB128 (WebAssembly core specification, 5.2.2). */
	u32(): number;
	/** Steps over one LEB128 number of any width and sign. */
	skipNumber(): void;
	skip(length: number): void;
	/** A view of the next bytes. */
	take(length: number): Uint8Array;
	/** A length-prefixed UTF-8 name. */
	name(): string;
}

export function byteReader(bytes: Uint8Array, start = 0, end = bytes.length): ByteReader {
	let at = start;
	const skip = (length: number): void => {
		if (at + length > end) throw new ModuleFormatError("cut short");
		at += length;
	};
	const byte = (): number => {
		skip(1);
		return bytes[at - 1] as number;
	};
	const u32 = (): number => {
		let value = 0;
		for (let shift = 0; shift < 35; shift += 7) {
			const next = byte();
			value += (next & 0x7f) * 2 ** shift;
			if (next < 0x80) return value;
		}
		throw new ModuleFormatError("a number of more than 32 bits");
	};
	const take = (length: number): Uint8Array => {
		skip(length);
		return bytes.subarray(at - length, at);
	};
	return {
		position: () => at,
		ended: () => at >= end,
		byte,
		u32,
		skipNumber() {
			while (byte() >= 0x80);
		},
		skip,
		take,
		name: () => Buffer.from(take(u32())).toString("utf8"),
	};
}

/** An unsigned number in LEB128. */
export function u32Bytes(value: number): number[] {
	const bytes: number[] = [];
	let rest = value;
	while (rest >= 0x80) {
		bytes.push((rest % 0x80) + 0x80);
		rest = Math.floor(rest / 0x80);
	}
	bytes.push(rest);
	return bytes;
}

/** A signed 32-bit number in LEB128, as `i32.const` takes it. */
export function s32Bytes(value: number): number[] {
	const bytes: number[] = [];
	let rest = value;
	for (;;) {
		const low = rest & 0x7f;
		rest >>= 7;
		if ((rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40)) return [...bytes, low];
		bytes.push(low | 0x80);
	}
}
