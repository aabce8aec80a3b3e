import type { Buffer } from "node:buffer";
import { requireUtf8 } from "../protobuf/reader.ts";

/** Four offsets per entry of a list of names and values: start and end of the name, start and end of the value. */
export type Entries = number[];

/** Up to here every name is compared with every other; beyond, a set is cheaper and cannot be made quadratic. */
const COMPARED_ENTRIES = 48;

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
export function nameAt(bytes: Buffer, entries: readonly number[], at: number): string {
	return bytes.toString("latin1", entries[at] as number, entries[at + 1] as number);
}

export function hasRepeatedName(bytes: Buffer, entries: readonly number[]): boolean {
	if (entries.length > COMPARED_ENTRIES * 4) {
		const seen = new Set<string>();
		for (let at = 0; at < entries.length; at += 4) seen.add(nameAt(bytes, entries, at));
		return seen.size * 4 !== entries.length;
	}
	for (let at = 4; at < entries.length; at += 4) {
		const start = entries[at] as number;
		const end = entries[at + 1] as number;
		for (let other = 0; other < at; other += 4) {
			if (sameText(bytes, entries[other] as number, entries[other + 1] as number, start, end)) return true;
		}
	}
	return false;
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
