/** One line of a benchmark's output. */
export interface BenchLine {
	readonly name: string;
	readonly value: number;
	/** Of `value`, such as `MB/s` or `µs`. */
	readonly unit: string;
	/** Against the naive way in the same run; what is better depends on the unit. */
	readonly ratio?: number;
}
