import process from "node:process";

/** Whether whole corpora are to be run, not a part that fits into everybody's `npm test`. */
export const WHOLE = process.env["POSTERN_TEST_SIZE"] === "full";

/** The whole of a corpus under `POSTERN_TEST_SIZE=full`, else so many of it, spread by a seed, always the same. */
export function partOf<T>(items: readonly T[], count: number, seed = 1): readonly T[] {
	if (WHOLE || items.length <= count) return items;
	let state = seed >>> 0 || 1;
	const next = (): number => {
		// xorshift32
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		state >>>= 0;
		return state;
	};
	const shuffled = [...items];
	for (let at = 0; at < count; at++) {
		const other = at + (next() % (shuffled.length - at));
		[shuffled[at], shuffled[other]] = [shuffled[other] as T, shuffled[at] as T];
	}
	return shuffled.slice(0, count);
}

/** How often something is tried: so often in everybody's `npm test`, and so often under `POSTERN_TEST_SIZE=full`. */
export const times = (usual: number, whole: number): number => (WHOLE ? whole : usual);
