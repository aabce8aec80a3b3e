import { createHash } from "node:crypto";
import type { Clock } from "../lib/clock.ts";

/** How long an input that hung or trapped a policy is refused, milliseconds. */
export const POISON_MS = 600_000;
/** Digests that are kept; the oldest go first. */
const MAX_DIGESTS = 1024;

/** One refused input, and for how many milliseconds it still is. */
export interface Poisoned {
	readonly digest: string;
	/** Bytes of the input. */
	readonly length: number;
	readonly ms: number;
}

/** Inputs that a policy does not survive: asked again, they would take down one process after the other. */
export interface Poison {
	/** Costs nothing while no input of that length is refused. */
	refuses(entrypoint: string, input: Uint8Array): boolean;
	/** Refuses from now on; a shorter time never cuts a longer one short. */
	add(poisoned: Poisoned): void;
	/** Refuses it no longer: it was suspected, and was only slow. */
	forgive(digest: string): void;
	/** What is refused now. */
	list(): readonly Poisoned[];
}

/** What an input is known by, hex SHA-256: the entrypoint's name and the whole document. */
export function poisonDigest(entrypoint: Uint8Array | string, input: Uint8Array): string {
	const head = Buffer.alloc(4);
	head.writeUInt32LE(Buffer.byteLength(entrypoint));
	return createHash("sha256").update(head).update(entrypoint).update(input).digest("hex");
}

export function createPoison(clock: Pick<Clock, "monotonic">): Poison {
	const entries = new Map<string, { readonly length: number; readonly until: number }>();
	/** Lengths of refused inputs: most others are told apart by theirs, without a digest. */
	const lengths = new Map<number, number>();

	function remove(digest: string): void {
		const entry = entries.get(digest);
		if (entry === undefined) return;
		entries.delete(digest);
		const left = (lengths.get(entry.length) ?? 1) - 1;
		if (left === 0) lengths.delete(entry.length);
		else lengths.set(entry.length, left);
	}

	return {
		refuses(entrypoint, input) {
			if (lengths.size === 0 || !lengths.has(input.length)) return false;
			const digest = poisonDigest(entrypoint, input);
			const entry = entries.get(digest);
			if (entry === undefined) return false;
			if (clock.monotonic() < entry.until) return true;
			remove(digest);
			return false;
		},
		add({ digest, length, ms }) {
			const until = Math.max(clock.monotonic() + ms, entries.get(digest)?.until ?? 0);
			remove(digest);
			entries.set(digest, { length, until });
			lengths.set(length, (lengths.get(length) ?? 0) + 1);
			for (const oldest of entries.keys()) {
				if (entries.size <= MAX_DIGESTS) break;
				remove(oldest);
			}
		},
		forgive: remove,
		list() {
			const now = clock.monotonic();
			return [...entries].flatMap(([digest, { length, until }]) =>
				until <= now ? [] : [{ digest, length, ms: until - now }],
			);
		},
	};
}
