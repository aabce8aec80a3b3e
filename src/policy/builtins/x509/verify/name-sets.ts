import type { AddressRange } from "../constraints.ts";

/** Names that a constraint permits or excludes: says whether one is among them. */
export type NameSet<T> = (name: T) => boolean;

const lower = (text: string): string => text.replace(/[A-Z]/g, (char) => char.toLowerCase());

/**
 * Go sorts what a constraint names, leaves out what an earlier one covers, and looks at one neighbour of a name alone.
 * Ranges whose address has bits below their mask are thereby sometimes not found, which a policy can see.
 */
function createSet<C, N>(
	given: readonly C[],
	order: (a: C, b: C) => number,
	covers: (constraint: C, other: C) => boolean,
	place: (constraint: C, name: N) => number,
	holds: (constraint: C, name: N) => boolean,
): NameSet<N> {
	const kept: C[] = [];
	for (const constraint of [...given].sort(order)) {
		const last = kept.at(-1);
		if (last === undefined || !covers(last, constraint)) kept.push(constraint);
	}
	return (name) => {
		let [low, high] = [0, kept.length];
		while (low < high) {
			const middle = (low + high) >> 1;
			if (place(kept[middle] as C, name) < 0) low = middle + 1;
			else high = middle;
		}
		const at = kept[low];
		if (at !== undefined && place(at, name) === 0) return true;
		const neighbour = kept[Math.max(low - 1, 0)];
		return neighbour !== undefined && holds(neighbour, name);
	};
}

const MAPPED = Buffer.from("00000000000000000000ffff", "hex");

/** An address of 16 bytes that stands for one of four is one of four. */
const plainAddress = (bytes: Buffer): Buffer =>
	bytes.length === 16 && bytes.subarray(0, 12).equals(MAPPED) ? bytes.subarray(12) : bytes;

function inRange({ address, mask }: AddressRange, given: Buffer): boolean {
	const [base, ip] = [plainAddress(address), plainAddress(given)];
	const bits = mask.subarray(mask.length - base.length);
	if (ip.length !== base.length) return false;
	return base.every((byte, i) => ((byte ^ (ip[i] ?? 0)) & (bits[i] ?? 0)) === 0);
}

function rangeCovers(range: AddressRange, { address, mask }: AddressRange): boolean {
	const last = Buffer.from(address.map((byte, i) => byte | (~(mask[i] ?? 0) & 0xff)));
	return inRange(range, address) && inRange(range, last);
}

function rangesOf(ranges: readonly AddressRange[]): NameSet<Buffer> {
	return createSet(
		ranges,
		(a, b) => Buffer.compare(a.address, b.address) || Buffer.compare(a.mask, b.mask),
		rangeCovers,
		({ address }, ip: Buffer) => Buffer.compare(address, ip),
		inRange,
	);
}

/** Addresses of four bytes are looked for among the ranges of such, others among the others. */
export function addressSet(ranges: readonly AddressRange[]): NameSet<Buffer> {
	const [short, long] = [4, 16].map((size) =>
		rangesOf(ranges.filter(({ address }) => address.length === size)),
	);
	return (ip) => (ip.length === 4 ? short : long)?.(ip) ?? false;
}

/** A constraint of a domain holds it and what is below it, or what is below it alone where it starts with a point. */
function isBelow(constraint: string, name: string): boolean {
	if (!lower(name).endsWith(lower(constraint))) return false;
	const before = name[name.length - constraint.length - 1];
	return constraint.startsWith(".") || before === undefined || before === ".";
}

/** By the characters from the end, the point before any other. */
function compareDomains(a: string, b: string): number {
	const [left, right] = [a, b].map((text) => [...lower(text)].reverse().join("").replaceAll(".", "\0"));
	return left === right ? 0 : (left ?? "") < (right ?? "") ? -1 : 1;
}

/** What follows the first label, with its point; empty where none follows. */
const parentOf = (domain: string): string => (domain.includes(".") ? domain.slice(domain.indexOf(".")) : "");

/** What is excluded is excluded for a wildcard too that stands for it. */
export function domainSet(constraints: readonly string[], side: "permitted" | "excluded"): NameSet<string> {
	if (constraints.includes("")) return () => true;
	const holds = createSet(constraints, compareDomains, isBelow, compareDomains, isBelow);
	if (side === "permitted") return holds;
	const parents = new Set(constraints.map((one) => parentOf(lower(one))));
	parents.delete("");
	return (name) => holds(name) || (name.startsWith("*") && parents.has(parentOf(lower(name))));
}
