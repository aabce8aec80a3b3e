/**
 * Edit distance of two words, counting a swap of neighbours as one (optimal string alignment). Stops early:
 * answers `limit + 1` for everything farther than `limit`.
 */
export function editDistance(left: string, right: string, limit = Number.POSITIVE_INFINITY): number {
	if (Math.abs(left.length - right.length) > limit) return limit + 1;
	let before: number[] = [];
	let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
	for (let i = 1; i <= left.length; i++) {
		const row = [i];
		let best = i;
		for (let j = 1; j <= right.length; j++) {
			const same = left.charCodeAt(i - 1) === right.charCodeAt(j - 1);
			let cost = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (same ? 0 : 1));
			const swapped =
				i > 1 &&
				j > 1 &&
				left.charCodeAt(i - 1) === right.charCodeAt(j - 2) &&
				left.charCodeAt(i - 2) === right.charCodeAt(j - 1);
			if (swapped) cost = Math.min(cost, before[j - 2]! + 1);
			row.push(cost);
			if (cost < best) best = cost;
		}
		// A swap reaches back two rows, so one row over the limit is not the end yet.
		if (best > limit && Math.min(...previous) > limit) return limit + 1;
		before = previous;
		previous = row;
	}
	return Math.min(previous[right.length]!, limit + 1);
}

/**
 * The word of `known` that `word` was most likely meant to be: the nearest within `limit` edits, by default a
 * third of its length but at least one and at most three. The earlier of equals wins. Absent when none is near.
 */
export function nearest(
	word: string,
	known: Iterable<string>,
	limit = defaultLimit(word),
): string | undefined {
	const lower = word.toLowerCase();
	let found: string | undefined;
	let best = limit + 1;
	for (const candidate of known) {
		const distance = editDistance(lower, candidate.toLowerCase(), best - 1);
		if (distance < best) {
			best = distance;
			found = candidate;
		}
	}
	return found;
}

/** `; did you mean "serve"?`, or nothing when no known word is near. */
export function didYouMean(word: string, known: Iterable<string>): string {
	const likely = nearest(word, known);
	return likely === undefined ? "" : `; did you mean "${likely}"?`;
}

function defaultLimit(word: string): number {
	return Math.max(1, Math.min(3, Math.floor(word.length / 3)));
}
