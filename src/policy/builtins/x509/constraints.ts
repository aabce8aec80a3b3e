import { parseAddress } from "../net/ip.ts";
import { contextHolder, DerError, type DerReader, derReader, TAG } from "./der.ts";
import { isDomain } from "./domain.ts";
import { parseMailbox } from "./mailbox.ts";
import { ia5 } from "./values.ts";

export interface AddressRange {
	readonly address: Buffer;
	readonly mask: Buffer;
}

/** Names of each kind that a constraint permits or excludes; a kind that does not occur is absent. */
export interface Subtrees {
	readonly dns?: readonly string[];
	readonly ranges?: readonly AddressRange[];
	readonly emails?: readonly string[];
	readonly uris?: readonly string[];
}

export interface NameConstraints {
	readonly permitted: Subtrees;
	readonly excluded: Subtrees;
	/** A kind of name that Go does not know. */
	readonly unhandled: boolean;
}

function readRange(content: Buffer): AddressRange {
	if (content.length !== 8 && content.length !== 32) throw new DerError();
	const half = content.length / 2;
	const mask = content.subarray(half);
	const bits = [...mask].map((byte) => byte.toString(2).padStart(8, "0")).join("");
	if (!/^1*0*$/.test(bits)) throw new DerError();
	return { address: content.subarray(0, half), mask };
}

function domain(content: Buffer): string {
	const text = ia5(content);
	if (!isDomain(text, true)) throw new DerError();
	return text;
}

/** One mailbox, or those of a domain. */
function email(content: Buffer): string {
	const text = ia5(content);
	const known = text.includes("@") ? parseMailbox(text) !== undefined : isDomain(text, true);
	if (!known) throw new DerError();
	return text;
}

function uriDomain(content: Buffer): string {
	const text = domain(content);
	if (parseAddress(text) !== undefined) throw new DerError();
	return text;
}

function readSubtrees(reader: DerReader): Subtrees & { readonly unhandled: boolean } {
	const dns: string[] = [];
	const ranges: AddressRange[] = [];
	const emails: string[] = [];
	const uris: string[] = [];
	let unhandled = false;
	while (!reader.ended()) {
		const { tag, content } = reader.inside(TAG.sequence).any();
		if (tag === 0x82) dns.push(domain(content));
		else if (tag === 0x87) ranges.push(readRange(content));
		else if (tag === 0x81) emails.push(email(content));
		else if (tag === 0x86) uris.push(uriDomain(content));
		else unhandled = true;
	}
	return {
		...(dns.length > 0 ? { dns } : {}),
		...(ranges.length > 0 ? { ranges } : {}),
		...(emails.length > 0 ? { emails } : {}),
		...(uris.length > 0 ? { uris } : {}),
		unhandled,
	};
}

/** Reads a NameConstraints' value (RFC 5280, 4.2.1.10), which names something. */
export function readNameConstraints(value: Buffer): NameConstraints {
	const outer = derReader(value);
	const top = outer.inside(TAG.sequence);
	const [first, second] = [0, 1].map((number) =>
		top.next(contextHolder(number)) ? top.read(contextHolder(number)) : Buffer.alloc(0),
	) as [Buffer, Buffer];
	if (!outer.ended() || !top.ended() || first.length + second.length === 0) throw new DerError();
	const permitted = readSubtrees(derReader(first));
	const excluded = readSubtrees(derReader(second));
	return { permitted, excluded, unhandled: permitted.unhandled || excluded.unhandled };
}
