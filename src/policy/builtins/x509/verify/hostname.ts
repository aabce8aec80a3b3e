import { addressText, parseAddress } from "../../net/ip.ts";
import type { AlternativeNames } from "../san.ts";

const lower = (text: string): string => text.replace(/[A-Z]/g, (char) => char.toLowerCase());

/** A host name's parts are letters, digits, `_`, and `-` but at the start. */
const PART = /^[A-Za-z0-9_][A-Za-z0-9_-]*$/;

function isHost(name: string): boolean {
	return name.split(".").every((part) => PART.test(part));
}

/** A wildcard stands for the whole first part, and something follows it. */
function isPattern(name: string): boolean {
	return name.startsWith("*.") ? isHost(name.slice(2)) : isHost(name);
}

function matches(pattern: string, host: string): boolean {
	const wanted = lower(pattern).split(".");
	const given = host.split(".");
	if (wanted.length !== given.length) return false;
	return wanted.every((part, i) => part === given[i] || (i === 0 && part === "*"));
}

const addressOf = (bytes: Buffer): string => {
	const value = BigInt(`0x${bytes.toString("hex")}`);
	return addressText(bytes.length === 4 ? (0xffffn << 32n) | value : value);
};

/**
 * Says whether a certificate's names hold a host, as Go's `VerifyHostname` does: an address, also in brackets, among the
 * addresses alone; anything else among the domain names. The common name does not count.
 */
export function holdsHost(names: AlternativeNames | undefined, given: string): boolean {
	const address = parseAddress(/^\[(.+)\]$/s.exec(given)?.[1] ?? given);
	if (address !== undefined) {
		const text = addressText(address.value);
		return (names?.addresses ?? []).some((bytes) => addressOf(bytes) === text);
	}
	const name = lower(given);
	const host = name.endsWith(".") ? name.slice(0, -1) : name;
	return (names?.dns ?? []).some((pattern) => {
		if (isHost(host) && isPattern(pattern)) return matches(pattern, host);
		return name !== "." && pattern !== "" && lower(pattern) === name;
	});
}
