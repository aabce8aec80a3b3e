import { LRUCache } from "lru-cache";
import { parseResultSet, type ResultSet } from "./value-dump.ts";

/** How many results are remembered, and how long their texts may be, characters: about a megabyte at most. */
const RESULTS = 256;
const RESULT_LENGTH = 2_048;

/**
 * Reads results as {@link parseResultSet} does. Of the same text it gives the same object again: a policy has few
 * different answers, and what was worked out of one (a decision, the octets of its answer) can be found by it.
 */
export function createResultReader(maxDepth: number): (text: string) => ResultSet {
	const known = new LRUCache<string, ResultSet>({ max: RESULTS });
	return (text) => {
		if (text.length > RESULT_LENGTH) return parseResultSet(text, maxDepth);
		let result = known.get(text);
		if (result === undefined) {
			result = parseResultSet(text, maxDepth);
			known.set(text, result);
		}
		return result;
	};
}
