import { addressText, isMapped, parseAddress } from "./ip.ts";

/** A network as Go's `IPNet` holds it. */
export interface Network {
	/** First address, 128 bits. */
	readonly first: bigint;
	/** Leading bits of the mask, of 32 for dotted networks and of 128 for others. */
	readonly ones: number;
	readonly bits: 32 | 128;
}

/** Addresses that differ from a network's first in these bits alone are inside it. */
export const hostMask = ({ ones, bits }: Network): bigint => (1n << BigInt(bits - ones)) - 1n;

/** Go's `ParseCIDR`; `undefined` for a bad one. */
export function parseCidr(text: string): Network | undefined {
	const slash = text.indexOf("/");
	if (slash < 0) return undefined;
	const address = parseAddress(text.slice(0, slash));
	const ones = /^[0-9]+$/.test(text.slice(slash + 1)) ? Number(text.slice(slash + 1)) : Number.NaN;
	if (address === undefined || !(ones <= address.bits)) return undefined;
	const host = hostMask({ first: 0n, ones, bits: address.bits });
	return { first: address.value - (address.value & host), ones, bits: address.bits };
}

/** Go's text of a network: mapped ones as IPv4, with what is left of their mask. */
export function cidrText({ first, ones, bits }: Network): string {
	const shown = isMapped(first) && bits === 128 ? Math.max(0, ones - 96) : ones;
	return `${addressText(first)}/${shown}`;
}

/** Go's `Contains`: IPv4 and IPv6 never hold each other, and mapped addresses are IPv4. */
function holds(network: Network, address: bigint): boolean {
	const ipv4 = isMapped(network.first);
	if (ipv4 !== isMapped(address)) return false;
	const free = BigInt(ipv4 ? Math.min(32, network.bits - network.ones) : network.bits - network.ones);
	return network.first >> free === address >> free;
}

const isPlainIpv6 = (network: Network): boolean => network.bits === 128 && !isMapped(network.first);

/** What may be inside a network: one address, or a network. */
export type Inner = { readonly address: bigint } | { readonly network: Network };

export function parseInner(text: string): Inner | undefined {
	const address = parseAddress(text);
	if (address !== undefined) return { address: address.value };
	const network = parseCidr(text);
	return network === undefined ? undefined : { network };
}

/** OPA's `net.cidr_contains`. */
export function contains(outer: Network, inner: Inner): boolean {
	if ("address" in inner) return holds(outer, inner.address);
	const { network } = inner;
	if (isPlainIpv6(outer) && isPlainIpv6(network)) {
		return outer.ones <= network.ones && holds(outer, network.first);
	}
	return holds(outer, network.first) && holds(outer, network.first | hostMask(network));
}
