import { DerError, derOid } from "./der.ts";
import type { Oid } from "./values.ts";

/** The name of a certificate policy; its numbers may be of any size (RFC 5280, 4.2.1.4). */
export interface PolicyOid {
	/** The same for the same bytes alone. */
	readonly key: string;
	readonly text: string;
	/** Its numbers, where each fits 31 bits. */
	readonly small?: Oid;
}

/** Bytes of one number; no policy has a longer one, and to write out such a number takes its square in time. */
const MAX_NUMBER_BYTES = 1024;

/** The numbers that are whole; what comes after the last of them is no number. */
function numbersOf(content: Buffer): readonly bigint[] {
	const numbers: bigint[] = [];
	let bits = "";
	for (const byte of content) {
		bits += (byte & 0x7f).toString(2).padStart(7, "0");
		if (bits.length > 7 * MAX_NUMBER_BYTES) throw new DerError();
		if (byte >= 0x80) continue;
		numbers.push(BigInt(`0b${bits}`));
		bits = "";
	}
	return numbers;
}

function textOf(content: Buffer): string {
	const [first, ...rest] = numbersOf(content);
	if (first === undefined) return "";
	const start = first < 80n ? [first / 40n, first % 40n] : [2n, first - 80n];
	return [...start, ...rest].join(".");
}

function smallOf(content: Buffer): Oid | undefined {
	try {
		return derOid(content);
	} catch (thrown) {
		if (thrown instanceof DerError) return undefined;
		throw thrown;
	}
}

/** A policy as a mapping names it: Go takes any bytes. */
export function mappedPolicy(content: Buffer): PolicyOid {
	return { key: content.toString("hex"), text: textOf(content) };
}

/** A policy as a certificate claims it: whole numbers, in the fewest bytes. */
export function claimedPolicy(content: Buffer): PolicyOid {
	const starts = [...content].filter((_byte, i) => i === 0 || (content[i - 1] ?? 0) < 0x80);
	if ((content.at(-1) ?? 0x80) >= 0x80 || starts.includes(0x80)) throw new DerError();
	const small = smallOf(content);
	return { ...mappedPolicy(content), ...(small === undefined ? {} : { small }) };
}
