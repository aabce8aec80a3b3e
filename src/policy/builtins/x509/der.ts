/** Bytes that are not the DER that was looked for. Whoever reads DER for a policy turns it into an undefined call. */
export class DerError extends Error {}

export interface DerElement {
	readonly tag: number;
	/** What is inside. */
	readonly content: Buffer;
	/** Tag and length too. */
	readonly whole: Buffer;
}

export const TAG = {
	boolean: 0x01,
	integer: 0x02,
	bits: 0x03,
	octets: 0x04,
	null: 0x05,
	oid: 0x06,
	utf8: 0x0c,
	numeric: 0x12,
	printable: 0x13,
	t61: 0x14,
	ia5: 0x16,
	utcTime: 0x17,
	generalizedTime: 0x18,
	bmp: 0x1e,
	sequence: 0x30,
	set: 0x31,
} as const;

/** A tag of the element's own context. */
export const context = (number: number): number => 0x80 | number;
/** The same, of an element that holds others. */
export const contextHolder = (number: number): number => 0xa0 | number;

/** Reads one element after another. Every reader throws {@link DerError} for anything else. */
export interface DerReader {
	readonly ended: () => boolean;
	readonly next: (tag: number) => boolean;
	readonly any: () => DerElement;
	readonly read: (tag: number) => Buffer;
	/** Bytes of the whole element. */
	readonly whole: (tag: number) => Buffer;
	/** A reader of what is inside. */
	readonly inside: (tag: number) => DerReader;
}

/** The length at `at` and where the content starts. Only the shortest form is DER (X.690, 10.1). */
export function lengthAt(bytes: Buffer, at: number): { readonly length: number; readonly start: number } {
	const first = bytes[at];
	if (first === undefined) throw new DerError();
	if (first < 0x80) return { length: first, start: at + 1 };
	const size = first & 0x7f;
	if (size === 0 || size > 4 || at + 1 + size > bytes.length) throw new DerError();
	const length = bytes.readUIntBE(at + 1, size);
	if (length < 0x80 || length < 2 ** ((size - 1) * 8)) throw new DerError();
	return { length, start: at + 1 + size };
}

function elementAt(bytes: Buffer, at: number): DerElement {
	const tag = bytes[at];
	if (tag === undefined || (tag & 0x1f) === 0x1f) throw new DerError();
	const { length, start } = lengthAt(bytes, at + 1);
	if (start + length > bytes.length) throw new DerError();
	return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) };
}

export function derReader(bytes: Buffer): DerReader {
	let at = 0;
	const any = (): DerElement => {
		const element = elementAt(bytes, at);
		at += element.whole.length;
		return element;
	};
	const wanted = (tag: number): DerElement => {
		const element = any();
		if (element.tag !== tag) throw new DerError();
		return element;
	};
	return {
		ended: () => at >= bytes.length,
		next: (tag) => bytes[at] === tag,
		any,
		read: (tag) => wanted(tag).content,
		whole: (tag) => wanted(tag).whole,
		inside: (tag) => derReader(wanted(tag).content),
	};
}

/** An integer of any size, in its shortest form. */
export function derInteger(content: Buffer): bigint {
	const [first, second = 0] = content;
	if (first === undefined) throw new DerError();
	const padded = (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
	if (content.length > 1 && padded) throw new DerError();
	return BigInt.asIntN(content.length * 8, BigInt(`0x${content.toString("hex")}`));
}

/** An integer of 64 bits. */
export function derInt64(content: Buffer): bigint {
	if (content.length > 8) throw new DerError();
	return derInteger(content);
}

export function derBoolean(content: Buffer): boolean {
	if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new DerError();
	return content[0] === 0xff;
}

/** An object identifier's numbers, each below 2^31. */
export function derOid(content: Buffer): readonly number[] {
	const numbers: number[] = [];
	let value = 0;
	let started = false;
	for (const byte of content) {
		if ((!started && byte === 0x80) || value >= 2 ** 24) throw new DerError();
		value = value * 128 + (byte & 0x7f);
		started = byte >= 0x80;
		if (started) continue;
		numbers.push(value);
		value = 0;
	}
	const [first, ...rest] = numbers;
	if (first === undefined || started) throw new DerError();
	return first < 80 ? [Math.floor(first / 40), first % 40, ...rest] : [2, first - 80, ...rest];
}

export interface BitString {
	readonly bytes: Buffer;
	/** Bits of the last byte that do not count; they are zero. */
	readonly unused: number;
}

export function derBits(content: Buffer): BitString {
	const unused = content[0];
	const bytes = content.subarray(1);
	const last = bytes.at(-1);
	if (unused === undefined || unused > 7) throw new DerError();
	if (last === undefined ? unused !== 0 : (last & ((1 << unused) - 1)) !== 0) throw new DerError();
	return { bytes, unused };
}

/** The bits moved to the end of their bytes. */
export function rightAligned({ bytes, unused }: BitString): Buffer {
	if (unused === 0 || bytes.length === 0) return bytes;
	return Buffer.from(bytes.map((byte, i) => ((bytes[i - 1] ?? 0) << (8 - unused)) | (byte >> unused)));
}

/** One element in DER, its length in the shortest form. */
export function derElement(tag: number, ...contents: readonly Buffer[]): Buffer {
	const content = Buffer.concat(contents);
	const { length } = content;
	if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
	const hex = length.toString(16);
	const size = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
	return Buffer.concat([Buffer.of(tag, 0x80 | size.length), size, content]);
}

/** A number that is not negative, as an INTEGER. */
export function derNumber(value: bigint): Buffer {
	const hex = value.toString(16);
	const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
	const sign = (bytes[0] ?? 0) >= 0x80 ? Buffer.of(0) : Buffer.alloc(0);
	return derElement(TAG.integer, sign, bytes);
}
