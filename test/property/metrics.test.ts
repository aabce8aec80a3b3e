import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { createCounter, createGauge, createHistogram } from "../../src/telemetry/instruments.ts";
import type { MetricSpec } from "../../src/telemetry/metric-table.ts";
import { times } from "../support/test-size.ts";

const value = fc.oneof(fc.constantFrom("a", "b", ""), fc.string({ maxLength: 6 }), fc.constant('\\n"\n\\"'));
const labelled = (names: readonly string[]) =>
	fc.record(Object.fromEntries(names.map((name) => [name, value])));
const amount = fc.oneof(
	fc.double({ min: 0, max: 10, noNaN: true }),
	fc.integer({ min: 0, max: 1_000_000 }),
	fc.constantFrom(0.005, 0.01, 0.25),
);

function steps(names: readonly string[]) {
	return fc.array(fc.tuple(labelled(names), amount), { maxLength: 40 });
}

/** What prom-client, which wrote these texts before, makes of the same. */
async function reference(spec: MetricSpec, all: readonly (readonly [Record<string, string>, number])[]) {
	const registry = new Registry();
	const { name, help, labels: labelNames, buckets = [] } = spec;
	const shared = { name, help, labelNames: [...labelNames], registers: [registry] };
	if (spec.kind === "histogram") {
		const inner = new Histogram({ ...shared, buckets: [...buckets] });
		for (const [labels, by] of all) inner.observe(labels, by);
	} else if (spec.kind === "gauge") {
		const inner = new Gauge(shared);
		for (const [labels, by] of all) inner.set(labels, by);
	} else {
		const inner = new Counter(shared);
		for (const [labels, by] of all) inner.inc(labels, by);
	}
	return registry.metrics();
}

test.each([
	["counter", []],
	["counter", ["a"]],
	["counter", ["verdict", "reason"]],
	["counter", ["a", "b", "c"]],
	["gauge", []],
	["gauge", ["a", "b"]],
	["histogram", ["verdict"]],
	["histogram", ["a", "b"]],
] as const)("a %s with the labels %j is written as prom-client writes it", async (kind, labels) => {
	const spec: MetricSpec = {
		name: "postern_x",
		help: "What it is",
		kind,
		labels,
		buckets: [0.005, 0.01, 0.25, 1],
	};
	await fc.assert(
		fc.asyncProperty(steps(labels), async (all) => {
			let text = "";
			if (kind === "histogram") {
				const own = createHistogram(spec);
				for (const [given, by] of all) own.observe(by, given);
				text = own.render();
			} else if (kind === "gauge") {
				const own = createGauge(spec);
				for (const [given, by] of all) own.set(by, given);
				text = own.render();
			} else {
				const own = createCounter(spec);
				for (const [given, by] of all) own.inc(given, by);
				text = own.render();
			}
			expect(text).toBe(await reference(spec, all));
		}),
		{ numRuns: times(60, 1200) },
	);
});
