import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { mergeExpositions, retire } from "../../../../src/serve/workers/merge-metrics.ts";
import { createCounter, createHistogram } from "../../../../src/telemetry/instruments.ts";
import { createMetrics } from "../../../../src/telemetry/metrics.ts";

const ONE = `# HELP a_total Things
# TYPE a_total counter
a_total{verdict="allow",reason="x} 1"} 3
a_total{verdict="deny",reason=""} 1

# HELP g Now
# TYPE g gauge
g 7

# HELP h Time
# TYPE h histogram
h_bucket{le="0.1"} 1
h_bucket{le="+Inf"} 2
h_sum 0.5
h_count 2
`;

describe("expositions of several processes", () => {
	test("counters and histograms are added up, gauges kept apart", () => {
		const two = ONE.replace('"x} 1"} 3', '"x} 1"} 39').replace("g 7", 'g{code="1"} -Inf');
		expect(
			mergeExpositions(
				new Map([
					["1", ONE],
					["2", two],
				]),
			),
		).toBe(`# HELP a_total Things
# TYPE a_total counter
a_total{verdict="allow",reason="x} 1"} 42
a_total{verdict="deny",reason=""} 2

# HELP g Now
# TYPE g gauge
g{worker="1"} 7
g{code="1",worker="2"} -Inf

# HELP h Time
# TYPE h histogram
h_bucket{le="0.1"} 2
h_bucket{le="+Inf"} 4
h_sum 1
h_count 4
`);
	});

	test("what a process had counted before it ended stays in the sum, and its gauges go", () => {
		const retired = retire(retire("", ONE), ONE);
		const merged = mergeExpositions(new Map([["1", ONE]]), retired);
		expect(merged).toContain('a_total{verdict="allow",reason="x} 1"} 9\n');
		expect(merged).toContain("h_count 6\n");
		expect(merged.match(/^g/gm)).toHaveLength(1);
	});

	test("whatever was counted by two is what one would have counted", () => {
		const label = fc.oneof(fc.constantFrom("a", "b"), fc.string({ maxLength: 5 }));
		const step = fc.tuple(label, fc.integer({ min: 0, max: 1000 }), fc.boolean());
		const counter = { name: "c_total", kind: "counter", help: "C", labels: ["l"] } as const;
		const histogram = {
			name: "h",
			kind: "histogram",
			help: "H",
			labels: ["l"],
			buckets: [1, 10, 100],
		} as const;
		fc.assert(
			fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
				const made = () => ({ c: createCounter(counter), h: createHistogram(histogram) });
				const [all, left, right] = [made(), made(), made()];
				for (const [l, value, isLeft] of steps) {
					for (const { c, h } of [all, isLeft ? left : right]) {
						c.inc({ l }, value);
						h.observe(value, { l });
					}
				}
				const text = ({ c, h }: typeof all) => [c.render(), h.render()].join("\n");
				const merged = mergeExpositions(
					new Map([
						["1", text(left)],
						["2", text(right)],
					]),
				);
				const sorted = (exposition: string) => exposition.split("\n").sort();
				expect(sorted(merged)).toEqual(sorted(text(all)));
			}),
		);
	});

	test("nothing of the real exposition is lost", async () => {
		const text = await createMetrics({ processMetrics: true }).render();
		const merged = mergeExpositions(new Map([["1", text]]));
		const samples = (exposition: string) =>
			exposition.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
		expect(samples(text).length).toBeGreaterThan(50);
		expect(samples(merged).length).toBe(samples(text).length);
	});
});
