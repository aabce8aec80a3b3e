import process from "node:process";

/**
 * How often a property is tried: `usual` times, or as often as POSTERN_TEST_RUNS says, which the long run of all tests
 * sets. What a property tries costs time in proportion.
 */
export function runs(usual: number): number {
	const asked = process.env["POSTERN_TEST_RUNS"];
	if (asked === undefined || asked === "") return usual;
	if (!/^[1-9][0-9]{0,8}$/.test(asked)) throw new Error(`POSTERN_TEST_RUNS is no number of runs: ${asked}`);
	return Number(asked);
}
