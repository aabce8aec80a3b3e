import type { LibraryExports } from "./abi.ts";
import { PolicyAbort } from "./abort.ts";

/** Goes through the keys of an object, or the members of a set, in OPA's order. */
export interface SortedIteration {
	/** Address of the key after `previous`, 0 at the end; the first for a `previous` of 0. */
	next(node: number, previous: number): number;
	/** Forgets all; addresses mean something else in the next evaluation. */
	reset(): void;
}

/** What is known of one walk, side by side in a table; it counts when its round is the present one. */
const ROUND = 0;
const NODE = 1;
/** Where its keys begin, how many there are, how many there is room for, and at which the walk stands. */
const START = 2;
const COUNT = 3;
const ROOM = 4;
const PLACE = 5;
const WIDTH = 8;

const LEAST_WALKS = 64;
const LEAST_KEYS = 256;
/** What an unusual evaluation needed beyond these is given back after it. */
const KEPT_WALKS = 1 << 12;
const KEPT_KEYS = 1 << 14;
const LAST_ROUND = 0x7fff_ffff;
/** Up to here putting each in its place costs less than a call of the runtime's sort, which takes memory besides. */
const FEW_KEYS = 12;

/**
 * Every evaluation begins some walks and forgets them. A `Map` that is cleared as often gets its new tables in the part of
 * the heap that only the dear collections clean, so these tables are kept and filled anew.
 */
export function sortedIteration(library: LibraryExports): SortedIteration {
	const { postern_iter: iter, postern_compare: compare } = library;
	let table = new Int32Array(LEAST_WALKS * WIDTH);
	let keys = new Int32Array(LEAST_KEYS);
	let round = 1;
	let walks = 0;
	let used = 0;

	/** Where a node's walk is, or would be. */
	function find(node: number): number {
		const mask = table.length - 1;
		// Addresses are multiples of eight.
		let at = ((node >>> 3) * WIDTH) & mask;
		while (table[at] === round && table[at + NODE] !== node) at = (at + WIDTH) & mask;
		return at;
	}

	function begin(node: number): number {
		let at = find(node);
		if (table[at] === round) return at;
		// Half of it stays empty, so that every search ends soon.
		if (++walks * 2 * WIDTH > table.length) {
			grow();
			at = find(node);
		}
		table[at + ROUND] = round;
		table[at + NODE] = node;
		table[at + ROOM] = 0;
		return at;
	}

	function grow(): void {
		const before = table;
		table = new Int32Array(before.length * 2);
		for (let from = 0; from < before.length; from += WIDTH) {
			if (before[from] !== round) continue;
			table.set(before.subarray(from, from + WIDTH), find(before[from + NODE] as number));
		}
	}

	function reserve(end: number): void {
		if (end <= keys.length) return;
		const grown = new Int32Array(Math.max(end, keys.length * 2));
		grown.set(keys);
		keys = grown;
	}

	/** The keys are collected anew, for a node's memory may have gone to another since; their old place is used again. */
	function first(node: number): number {
		let count = 0;
		for (let key = iter(node, 0); key !== 0; key = iter(node, key)) {
			reserve(used + count + 1);
			keys[used + count++] = key;
		}
		const at = begin(node);
		const room = table[at + ROOM] as number;
		if (count <= room) keys.copyWithin(table[at + START] as number, used, used + count);
		else {
			table[at + START] = used;
			// Twice as much as it had: a node that grows between its walks does not take all memory.
			table[at + ROOM] = Math.max(count, room * 2);
			used += table[at + ROOM] as number;
			reserve(used);
		}
		table[at + COUNT] = count;
		table[at + PLACE] = 0;
		if (count === 0) return 0;
		const start = table[at + START] as number;
		sort(start, start + count);
		return keys[start] as number;
	}

	function sort(start: number, end: number): void {
		if (end - start > FEW_KEYS) {
			keys.subarray(start, end).sort(compare);
			return;
		}
		for (let from = start + 1; from < end; from++) {
			const key = keys[from] as number;
			let to = from;
			for (; to > start && compare(keys[to - 1] as number, key) > 0; to--) keys[to] = keys[to - 1] as number;
			keys[to] = key;
		}
	}

	return {
		next(node, previous) {
			if (previous === 0) return first(node);
			const at = find(node);
			if (table[at] !== round) throw new PolicyAbort("an iteration without a start");
			const start = table[at + START] as number;
			const count = table[at + COUNT] as number;
			let place = table[at + PLACE] as number;
			// A loop inside another over the same node leaves the place where the inner one ended.
			if (place >= count || keys[start + place] !== previous) {
				place = keys.subarray(start, start + count).indexOf(previous);
				if (place < 0) throw new PolicyAbort("an iteration lost its place");
			}
			table[at + PLACE] = ++place;
			return place < count ? (keys[start + place] as number) : 0;
		},
		reset() {
			walks = 0;
			used = 0;
			if (table.length > KEPT_WALKS * WIDTH) table = new Int32Array(LEAST_WALKS * WIDTH);
			if (keys.length > KEPT_KEYS) keys = new Int32Array(LEAST_KEYS);
			if (round === LAST_ROUND) {
				table.fill(0);
				round = 0;
			}
			round++;
		},
	};
}
