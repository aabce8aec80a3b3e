import { MASK, RELEASE, WITHHOLD } from "./automaton.ts";
import type { PathEntry, PathNode, PathTree } from "./path-tree.ts";
import { UNCOUNTED } from "./path-tree.ts";
import type { Strategy } from "./types.ts";

/** Counts of one body, by the entry numbers of the plan's tree. */
export interface Tally {
	/** Whether places that the tree does not know have to be counted; false once the report is full. */
	readonly counting: boolean;
	/** By entry number. Where a count is above zero, adding to it here is as good as `count`. */
	readonly counts: number[];
	/** Adds one under an entry number of `node`. */
	count(entry: number, node: PathNode, verdict: number): void;
	/** A value at `node` was masked with `as` and is what it was. */
	countUnchanged(node: PathNode, as: string): void;
	/** A value that no description knows was met: `node` is that of members without a name. */
	countUnknown(node: PathNode, verdict: number): void;
	readonly truncated: boolean;
	/** Paths of values that no description knows, with their counts; a new array. */
	unknown(): { readonly path: string; readonly count: number }[];
	/** How many of an entry's values are what they were. */
	unchanged(entry: PathEntry): number;
	/** Every entry that is listed, with its count; a new array. */
	listed(): { readonly entry: PathEntry; readonly count: number }[];
}

export function createTally(tree: PathTree, strategies: readonly Strategy[], maxEntries: number): Tally {
	/** As long as the tree has entries; a plain array, for typed ones cost more than a small body does. */
	const counts: number[] = new Array<number>(tree.entries.length).fill(0);
	const met: number[] = [];
	/** Values at places that the tree had no room for, by list, strategy and path. */
	const strays = new Map<string, { entry: PathEntry; count: number }>();
	/** By the key of the entry. */
	const unchanged = new Map<string, number>();
	/** By path. */
	const unknown = new Map<string, number>();
	let truncated = false;

	function full(): boolean {
		if (met.length + strays.size < maxEntries) return false;
		truncated = true;
		return true;
	}

	function countStray(node: PathNode, verdict: number): void {
		const entry: PathEntry =
			verdict === RELEASE
				? { list: "released", path: node.path, as: "" }
				: verdict === WITHHOLD
					? { list: "withheld", path: node.path, as: "" }
					: { list: "masked", path: node.path, as: strategies[verdict - MASK]!.as };
		const key = keyOf(entry);
		const known = strays.get(key);
		if (known !== undefined) known.count++;
		else if (!full()) strays.set(key, { entry, count: 1 });
	}

	return {
		get counting() {
			return !truncated || strays.size > 0;
		},
		get counts() {
			return counts;
		},
		get truncated() {
			return truncated;
		},
		count(entry, node, verdict) {
			if (entry < 0) {
				if (entry === UNCOUNTED) truncated = true;
				else countStray(node, verdict);
				return;
			}
			while (counts.length <= entry) counts.push(0);
			const before = counts[entry]!;
			counts[entry] = before + 1;
			if (before === 0 && !full()) met.push(entry);
		},
		countUnchanged(node, as) {
			if (node.scalarEntry === UNCOUNTED) return;
			const key = keyOf({ list: "masked", path: node.path, as });
			// Entries that are not listed need no more room than those that are.
			if (unchanged.has(key) || unchanged.size < maxEntries)
				unchanged.set(key, (unchanged.get(key) ?? 0) + 1);
		},
		countUnknown(node, verdict) {
			if (node.scalarEntry === UNCOUNTED) return;
			countStray(node, verdict);
			if (unknown.has(node.path) || unknown.size < maxEntries)
				unknown.set(node.path, (unknown.get(node.path) ?? 0) + 1);
		},
		unknown: () => [...unknown].map(([path, count]) => ({ path, count })),
		unchanged: (entry) => (unchanged.size === 0 ? 0 : (unchanged.get(keyOf(entry)) ?? 0)),
		listed() {
			const listed = met.map((id) => ({ entry: tree.entries[id]!, count: counts[id]! }));
			if (strays.size === 0) return listed;
			// The tree may have made an entry for a path after a stray was counted there.
			const rest = new Map(strays);
			for (const known of listed) {
				const key = keyOf(known.entry);
				known.count += rest.get(key)?.count ?? 0;
				rest.delete(key);
			}
			return [...listed, ...rest.values()];
		},
	};
}

function keyOf(entry: PathEntry): string {
	return `${entry.list} ${entry.as} ${entry.path}`;
}
