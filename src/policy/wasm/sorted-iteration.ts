import type { LibraryExports } from "./abi.ts";
import { PolicyAbort } from "./abort.ts";

/** Goes through the keys of an object, or the members of a set, in OPA's order. */
export interface SortedIteration {
	/** Address of the key after `previous`, 0 at the end; the first for a `previous` of 0. */
	next(node: number, previous: number): number;
	/** Forgets all; addresses mean something else in the next evaluation. */
	reset(): void;
}

interface Walk {
	readonly keys: readonly number[];
	at: number;
}

export function sortedIteration(library: LibraryExports): SortedIteration {
	const { postern_iter: iter, postern_compare: compare } = library;
	const walks = new Map<number, Walk>();
	const first = (node: number): number => {
		const keys: number[] = [];
		for (let key = iter(node, 0); key !== 0; key = iter(node, key)) keys.push(key);
		if (keys.length > 1) keys.sort(compare);
		walks.set(node, { keys, at: 0 });
		return keys[0] ?? 0;
	};
	return {
		next(node, previous) {
			if (previous === 0) return first(node);
			const walk = walks.get(node);
			if (walk === undefined) throw new PolicyAbort("an iteration without a start");
			// A loop inside another over the same node leaves the place where the inner one ended.
			if (walk.keys[walk.at] !== previous) walk.at = walk.keys.indexOf(previous);
			if (walk.at < 0) throw new PolicyAbort("an iteration lost its place");
			walk.at++;
			return walk.keys[walk.at] ?? 0;
		},
		reset() {
			// Clearing makes a new table, also of one that is empty.
			if (walks.size > 0) walks.clear();
		},
	};
}
