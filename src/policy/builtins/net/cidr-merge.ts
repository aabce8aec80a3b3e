import { compareTerms } from "../../term/compare.ts";
import { cidrText, hostMask, type Network, parseCidr } from "./cidr.ts";
import { isMapped, parseAddress } from "./ip.ts";

interface Range {
	readonly first: bigint;
	readonly last: bigint;
	/** How a range that was not joined is written. */
	readonly text: string | undefined;
}

/** The mask that an IPv4 address had before there were masks. */
function classBits(address: bigint): number {
	const octet = (address >> 24n) & 0xffn;
	return octet < 0x80n ? 8 : octet < 0xc0n ? 16 : 24;
}

const rangeOf = (network: Network, text: string): Range => ({
	first: network.first,
	last: network.first | hostMask(network),
	text,
});

/** A network, or an IPv4 address with the mask of its class; `undefined` for anything else. */
function readRange(text: string): Range | undefined {
	const address = parseAddress(text);
	if (address === undefined) {
		const network = parseCidr(text);
		if (network === undefined) return undefined;
		if (network.bits === 128 && isMapped(network.first)) {
			throw new RangeError("net.cidr_merge: IPv4 networks written as IPv6 are not supported");
		}
		return rangeOf(network, cidrText(network));
	}
	if (!isMapped(address.value)) return undefined;
	const ones = classBits(address.value);
	const host = (1n << BigInt(32 - ones)) - 1n;
	// Alone it stays as it was given, host bits too.
	return rangeOf(
		{ first: address.value - (address.value & host), ones, bits: 32 },
		cidrText({ first: address.value, ones, bits: 32 }),
	);
}

/** The address before; the first of a family has none. */
const before = (address: bigint): bigint =>
	address === 0n || address === 0xffffn << 32n ? address : address - 1n;

const order = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** Joins ranges that touch or overlap. */
function join(ranges: readonly Range[]): readonly Range[] {
	const joined = [...ranges].sort((a, b) => order(a.last, b.last) || order(a.first, b.first));
	for (let i = joined.length - 1; i > 0; i--) {
		const range = joined[i] as Range;
		const previous = joined[i - 1] as Range;
		if (before(range.first) > previous.last) continue;
		const first = previous.first < range.first ? previous.first : range.first;
		joined.splice(i - 1, 2, { first, last: range.last, text: undefined });
	}
	return joined;
}

/** The fewest networks that make up a range. */
function networksOf(first: bigint, last: bigint): readonly string[] {
	const bits = isMapped(first) ? 32 : 128;
	if (bits === 32 && !isMapped(last)) throw new RangeError("net.cidr_merge: a range of both families");
	const texts: string[] = [];
	for (let start = first; start <= last; ) {
		let size = 0;
		while (size < bits) {
			const block = 1n << BigInt(size + 1);
			if (start % block !== 0n || start + block - 1n > last) break;
			size++;
		}
		texts.push(cidrText({ first: start, ones: bits - size, bits }));
		start += 1n << BigInt(size);
	}
	return texts;
}

/**
 * OPA's `net.cidr_merge`: the fewest networks that hold the same addresses. `undefined` when one is bad.
 * @throws {RangeError} for what OPA itself has no sound answer to.
 */
export function mergeCidrs(texts: readonly string[]): readonly string[] | undefined {
	const ranges: Range[] = [];
	for (const text of texts) {
		const range = readRange(text);
		if (range === undefined) return undefined;
		ranges.push(range);
	}
	const merged = join(ranges).flatMap((range) =>
		range.text === undefined ? networksOf(range.first, range.last) : [range.text],
	);
	return [...new Set(merged)].sort(compareTerms);
}
