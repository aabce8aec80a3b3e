const LEAST_MICROSECONDS = 4000;
const TURNS = 5;

/**
 * How many times more CPU `large` takes than `small`: the best of several turns of each, in turn, so that a slow or busy
 * machine changes both. What grows with its input alone stays near the ratio of the two sizes.
 */
export function growth(small: () => unknown, large: () => unknown): number {
	let times = 1;
	while (cpuOf(small, times) < LEAST_MICROSECONDS) times *= 2;
	let [least, most] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
	for (let turn = 0; turn < TURNS; turn++) {
		least = Math.min(least, cpuOf(small, times) / times);
		most = Math.min(most, cpuOf(large, 1));
	}
	return most / least;
}

/** Microseconds of this process. */
function cpuOf(work: () => unknown, times: number): number {
	const before = process.cpuUsage();
	for (let time = 0; time < times; time++) work();
	const { user, system } = process.cpuUsage(before);
	return user + system;
}
