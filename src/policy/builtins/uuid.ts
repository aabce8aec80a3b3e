import { randomUUID } from "node:crypto";
import { numberTerm, objectTerm, type Term } from "../term/term.ts";
import { type Builtin, ofString } from "./builtin.ts";
import { regoText } from "./rego-text.ts";

const DASHED = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i;
const PREFIX = "urn:uuid:";

/** Ticks of 100 ns from the start of the Gregorian calendar to 1970. */
const GREGORIAN_TICKS = 122_192_928_000_000_000n;
const TICKS_PER_SECOND = 10_000_000n;

/** The 16 bytes: plain, dashed, after `urn:uuid:`, or dashed between any two bytes where braces are usual. */
function bytesOf(text: string): Buffer | undefined {
	// Lengths count bytes, and so do the cuts below.
	let bytes = Buffer.from(text, "utf8").toString("latin1");
	if (bytes.length === 32) return /^[0-9a-f]{32}$/i.test(bytes) ? Buffer.from(bytes, "hex") : undefined;
	if (bytes.length === 36 + PREFIX.length) {
		if (bytes.slice(0, PREFIX.length).toLowerCase() !== PREFIX) return undefined;
		bytes = bytes.slice(PREFIX.length);
	} else if (bytes.length === 38) bytes = bytes.slice(1, 37);
	const groups = DASHED.exec(bytes);
	return groups === null ? undefined : Buffer.from(groups.slice(1).join(""), "hex");
}

function variantOf(byte: number): string {
	if ((byte & 0xc0) === 0x80) return "RFC4122";
	if ((byte & 0xe0) === 0xc0) return "Microsoft";
	return (byte & 0xe0) === 0xe0 ? "Future" : "Reserved";
}

function macVariables(byte: number): string {
	return `${(byte & 2) === 0 ? "global" : "local"}:${(byte & 1) === 0 ? "unicast" : "multicast"}`;
}

/** Nanoseconds since 1970, wrapped to 64 bits. */
function unixNanoseconds(uuid: Buffer): bigint {
	const low = BigInt(uuid.readUInt32BE(0));
	const middle = BigInt(uuid.readUInt16BE(4));
	const high = BigInt(uuid.readUInt16BE(6) & 0xfff);
	const ticks = ((high << 48n) | (middle << 32n) | low) - GREGORIAN_TICKS;
	return BigInt.asIntN(64, (ticks / TICKS_PER_SECOND) * 1_000_000_000n + (ticks % TICKS_PER_SECOND) * 100n);
}

function parse(text: string): Term | undefined {
	const uuid = bytesOf(text);
	if (uuid === undefined) return undefined;
	const version = (uuid[6] ?? 0) >> 4;
	const entries: (readonly [string, Term])[] = [
		["version", numberTerm(version)],
		["variant", variantOf(uuid[8] ?? 0)],
	];
	if (version === 1 || version === 2) {
		const node = uuid.subarray(10);
		entries.push(
			["time", numberTerm(unixNanoseconds(uuid))],
			["nodeid", [...node].map((byte) => byte.toString(16).padStart(2, "0")).join("-")],
			["macvariables", macVariables(node[0] ?? 0)],
			["clocksequence", numberTerm(uuid.readUInt16BE(8) & 0x3fff)],
		);
	}
	if (version === 2) {
		const domain = uuid[9] ?? 0;
		entries.push(
			["id", numberTerm(uuid.readUInt32BE(0))],
			["domain", ["Person", "Group", "Org"][domain] ?? `Domain${domain}`],
		);
	}
	return objectTerm(entries);
}

export const uuidBuiltins: Readonly<Record<string, Builtin>> = {
	"uuid.parse": ofString(parse),
	"uuid.rfc4122": ([key], { remember }) =>
		key === undefined ? undefined : remember(`uuid ${regoText(key)}`, () => randomUUID()),
};
