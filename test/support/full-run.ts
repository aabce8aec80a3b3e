import process from "node:process";
import fc from "fast-check";

/** `npm run test:full` runs all of what `npm test` runs a tenth of. */
export function isFullRun(): boolean {
	return process.env["POSTERN_TEST_FULL"] === "1";
}

/** How often a property is tried: all of `count`, or a tenth. */
export function runs(count: number): number {
	return isFullRun() ? count : Math.ceil(count / 10);
}

/** All of `items`, or a tenth of them: the same one every time, for the same `seed`. */
export function sampleOf<Item>(items: readonly Item[], seed: number): readonly Item[] {
	if (isFullRun()) return items;
	const count = Math.ceil(items.length / 10);
	const [chosen = []] = fc.sample(fc.shuffledSubarray([...items], { minLength: count, maxLength: count }), {
		seed,
		numRuns: 1,
	});
	return chosen;
}
