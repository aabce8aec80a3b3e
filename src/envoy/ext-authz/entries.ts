import type { Buffer } from "node:buffer";
import { requireUtf8 } from "../protobuf/reader.ts";

/** Four offsets per entry of a list of names and values: start and end of the name, start and end of the value. */
export type Entries = number[];

export function sameText(
	bytes: Buffer,
	start: number,
	end: number,
	otherStart: number,
	otherEnd: number,
): boolean {
	if (end - start !== otherEnd - otherStart) return false;
	for (let index = end - start - 1; index >= 0; index--) {
		if (bytes[start + index] !== bytes[otherStart + index]) return false;
	}
	return true;
}

/** The name of the entry at offset `at`, one character per byte. */
function nameAt(bytes: Buffer, entries: readonly number[], at: number): string {
	return bytes.toString("latin1", entries[at] as number, entries[at + 1] as number);
}

/** A hash table of one round: a bucket counts when its round is the present one. */
const BUCKETS = 1024;
const ROUND_OF = new Uint32Array(BUCKETS);
const ENTRY_OF = new Uint32Array(BUCKETS);
/** More names than this are counted by a set, whose hashes nobody can foresee. */
const HASHED_NAMES = 128;
let round = 0;

/** Whether a name comes more than once. */
export function hasRepeatedName(bytes: Buffer, entries: readonly number[]): boolean {
	if (entries.length > HASHED_NAMES * 4) return countNames(bytes, entries) * 4 !== entries.length;
	round = round === 0xffffffff ? 1 : round + 1;
	for (let at = 0; at < entries.length; at += 4) {
		const start = entries[at] as number;
		const end = entries[at + 1] as number;
		let bucket = hashOf(bytes, start, end);
		while (ROUND_OF[bucket] === round) {
			const other = ENTRY_OF[bucket] as number;
			if (sameText(bytes, entries[other] as number, entries[other + 1] as number, start, end)) return true;
			bucket = (bucket + 1) % BUCKETS;
		}
		ROUND_OF[bucket] = round;
		ENTRY_OF[bucket] = at;
	}
	return false;
}

function hashOf(bytes: Buffer, start: number, end: number): number {
	const length = end - start;
	if (length === 0) return 0;
	const middle = bytes[start + (length >> 1)] as number;
	return (
		((bytes[start] as number) * 5 + (bytes[end - 1] as number) * 29 + middle * 113 + length * 71) % BUCKETS
	);
}

function countNames(bytes: Buffer, entries: readonly number[]): number {
	const seen = new Set<string>();
	for (let at = 0; at < entries.length; at += 4) seen.add(nameAt(bytes, entries, at));
	return seen.size;
}

/**
 * A map on the wire may name a key twice; the last one counts. Envoy never sends that: the common case only compares.
 * @throws WireError for text that is no UTF-8 where entries go, for nobody would look at it later
 */
export function lastWins(bytes: Buffer, entries: Entries): void {
	if (!hasRepeatedName(bytes, entries)) return;
	for (let at = 0; at < entries.length; at += 2) {
		requireUtf8(bytes, entries[at] as number, entries[at + 1] as number);
	}
	const last = new Map<string, number>();
	for (let at = 0; at < entries.length; at += 4) last.set(nameAt(bytes, entries, at), at);
	const kept: number[] = [];
	for (const at of [...last.values()].sort((a, b) => a - b)) kept.push(...entries.slice(at, at + 4));
	entries.length = 0;
	for (const offset of kept) entries.push(offset);
}

/** Offsets of the entries of each name, names in the order of their first appearance. */
export function groupByName(bytes: Buffer, entries: readonly number[]): readonly (readonly number[])[] {
	const groups = new Map<string, number[]>();
	for (let at = 0; at < entries.length; at += 4) {
		const name = nameAt(bytes, entries, at);
		const group = groups.get(name);
		if (group === undefined) groups.set(name, [at]);
		else group.push(at);
	}
	return [...groups.values()];
}
