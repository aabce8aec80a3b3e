/** An address as 128 bits, IPv4 mapped into `::ffff:0:0/96` as Go keeps it. */
export interface Address {
	readonly value: bigint;
	/** How it was written: 32 for dotted, 128 for IPv6, mapped ones too. */
	readonly bits: 32 | 128;
}

const MAPPED = 0xffffn << 32n;

/** Whether Go's `To4` takes the 128 bits for IPv4. */
export const isMapped = (value: bigint): boolean => value >> 32n === 0xffffn;

const OCTET = /^(?:0|[1-9][0-9]{0,2})$/;

function parseIpv4(text: string): bigint | undefined {
	const parts = text.split(".");
	if (parts.length !== 4 || !parts.every((part) => OCTET.test(part) && Number(part) < 256)) return undefined;
	return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

const HEXTET = /^[0-9a-fA-F]{1,4}$/;

/** The 16-bit groups of one side of `::`; IPv4 may stand at the very end. */
function groupsOf(text: string, atEnd: boolean): readonly bigint[] | undefined {
	if (text === "") return [];
	const groups: bigint[] = [];
	const parts = text.split(":");
	for (const [i, part] of parts.entries()) {
		if (HEXTET.test(part)) groups.push(BigInt(`0x${part}`));
		else {
			const embedded = atEnd && i === parts.length - 1 ? parseIpv4(part) : undefined;
			if (embedded === undefined) return undefined;
			groups.push(embedded >> 16n, embedded & 0xffffn);
		}
	}
	return groups;
}

function parseIpv6(text: string): bigint | undefined {
	const sides = text.split("::");
	if (sides.length > 2) return undefined;
	const [head = "", tail] = sides;
	const left = groupsOf(head, tail === undefined);
	const right = groupsOf(tail ?? "", true);
	if (left === undefined || right === undefined) return undefined;
	const missing = 8 - left.length - right.length;
	// `::` stands for one group of zeros at least.
	if (tail === undefined ? missing !== 0 || left.length === 0 : missing < 1) return undefined;
	const groups = [...left, ...new Array<bigint>(missing).fill(0n), ...right];
	return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

/** Go's `ParseIP`: strict dotted decimal without leading zeros, or IPv6 without a zone. */
export function parseAddress(text: string): Address | undefined {
	// No address is longer; this keeps long texts from being split.
	if (text.length > 64) return undefined;
	if (text.includes(":")) {
		const value = parseIpv6(text);
		return value === undefined ? undefined : { value, bits: 128 };
	}
	const value = parseIpv4(text);
	return value === undefined ? undefined : { value: MAPPED | value, bits: 32 };
}

/** Go's text of an address: mapped ones dotted, the first longest run of zero groups as `::`. */
export function addressText(value: bigint): string {
	if (isMapped(value)) return [24n, 16n, 8n, 0n].map((by) => (value >> by) & 0xffn).join(".");
	const groups = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((by) => ((value >> by) & 0xffffn).toString(16));
	let start = -1;
	let length = 1;
	for (let i = 0; i < 8; i++) {
		let end = i;
		while (end < 8 && groups[end] === "0") end++;
		if (end - i > length) [start, length] = [i, end - i];
	}
	if (start < 0) return groups.join(":");
	return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}
