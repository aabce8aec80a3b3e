import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";

/** Ids that are made at one time. */
const BATCH = 64;
const RANDOM_BYTES = 16;
const TEXT_BYTES = 36;
const DASH = 0x2d;
const DIGITS = Buffer.from("0123456789abcdef", "latin1");

/**
 * UUIDs of version 4 (RFC 9562, section 5.4). `crypto.randomUUID` puts each together from twenty pieces, and whoever reads
 * one pays for joining them; here they are cut from one text.
 */
export function createDecisionIds(): () => string {
	const random = Buffer.alloc(BATCH * RANDOM_BYTES);
	const ascii = Buffer.alloc(BATCH * TEXT_BYTES);
	let text = "";
	let next = 0;

	function refill(): void {
		randomFillSync(random);
		format(random, ascii);
		text = ascii.toString("latin1");
		next = 0;
	}

	return () => {
		if (next === text.length) refill();
		const start = next;
		next += TEXT_BYTES;
		return text.slice(start, next);
	};
}

function format(random: Buffer, ascii: Buffer): void {
	let to = 0;
	for (let from = 0; from < random.length; from++) {
		const at = from % RANDOM_BYTES;
		if (at === 4 || at === 6 || at === 8 || at === 10) ascii[to++] = DASH;
		const byte = versioned(random[from] as number, at);
		ascii[to++] = DIGITS[byte >> 4] as number;
		ascii[to++] = DIGITS[byte & 15] as number;
	}
}

/** A random byte of a UUID, with the version (4) and the variant (binary 10) in their places. */
function versioned(byte: number, at: number): number {
	if (at === 6) return 0x40 | (byte & 0x0f);
	return at === 8 ? 0x80 | (byte & 0x3f) : byte;
}
