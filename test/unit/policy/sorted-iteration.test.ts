import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { LibraryExports } from "../../../src/policy/wasm/abi.ts";
import { sortedIteration } from "../../../src/policy/wasm/sorted-iteration.ts";

/** Nodes and their keys in the order of a hash table; every address is its own rank. */
function library(nodes: Map<number, readonly number[]>): LibraryExports {
	return {
		postern_iter: (node: number, previous: number): number => {
			const keys = nodes.get(node) ?? [];
			return keys[previous === 0 ? 0 : keys.indexOf(previous) + 1] ?? 0;
		},
		postern_compare: (left: number, right: number): number => left - right,
	} as unknown as LibraryExports;
}

const sorted = (keys: readonly number[]): number[] => [...keys].sort((left, right) => left - right);
const address = fc.integer({ min: 1, max: 200 }).map((number) => number * 8);
const someKeys = fc.uniqueArray(
	fc.integer({ min: 1, max: 5000 }).map((number) => number * 8),
	{ maxLength: 40 },
);

const step = fc.oneof(
	fc.record({ kind: fc.constant("walk" as const), node: address, keys: someKeys }),
	fc.record({ kind: fc.constant("step" as const), node: address }),
	fc.record({ kind: fc.constant("jump" as const), node: address, to: fc.nat() }),
	fc.record({ kind: fc.constant("reset" as const) }),
);

describe("iteration in order", () => {
	test("gives what sorting would, walk by walk, however walks are mixed and nodes change", () => {
		fc.assert(
			fc.property(fc.array(fc.oneof({ weight: 20, arbitrary: step }, step), { maxLength: 400 }), (steps) => {
				const nodes = new Map<number, readonly number[]>();
				const iteration = sortedIteration(library(nodes));
				const model = new Map<number, { readonly keys: readonly number[]; at: number }>();
				for (const each of steps) {
					if (each.kind === "reset") {
						iteration.reset();
						model.clear();
					} else if (each.kind === "walk") {
						nodes.set(each.node, each.keys);
						const keys = sorted(each.keys);
						model.set(each.node, { keys, at: 0 });
						expect(iteration.next(each.node, 0)).toBe(keys[0] ?? 0);
					} else {
						const walk = model.get(each.node);
						if (walk === undefined) {
							expect(() => iteration.next(each.node, 8)).toThrow("an iteration without a start");
							continue;
						}
						if (each.kind === "jump" && walk.keys.length > 0) walk.at = each.to % walk.keys.length;
						const key = walk.keys[walk.at];
						if (key === undefined) continue;
						walk.at++;
						expect(iteration.next(each.node, key)).toBe(walk.keys[walk.at] ?? 0);
					}
				}
			}),
			{ numRuns: 300 },
		);
	});

	test("of more nodes and keys than its tables begin with", () => {
		const nodes = new Map(
			Array.from({ length: 6000 }, (_, number) => [
				(number + 1) * 8,
				Array.from({ length: number % 17 }, (_unused, key) => 8 * (((key * 7 + number) % 17) + 1)),
			]),
		);
		const iteration = sortedIteration(library(nodes));
		for (let time = 0; time < 2; time++) {
			for (const [node, keys] of nodes) expect(iteration.next(node, 0)).toBe(sorted(keys)[0] ?? 0);
			for (const [node, keys] of nodes)
				for (const [at, key] of sorted(keys).entries())
					expect(iteration.next(node, key)).toBe(sorted(keys)[at + 1] ?? 0);
			iteration.reset();
			expect(() => iteration.next(8, 8)).toThrow("an iteration without a start");
		}
	});

	test("a place that is none of the walk's is refused", () => {
		const iteration = sortedIteration(library(new Map([[8, [24, 16]]])));
		expect(iteration.next(8, 0)).toBe(16);
		expect(() => iteration.next(8, 32)).toThrow("an iteration lost its place");
		expect(iteration.next(8, 16)).toBe(24);
		expect(iteration.next(8, 24)).toBe(0);
	});

	test("a node whose keys grow from walk to walk takes no more than its size asks for", () => {
		const nodes = new Map<number, number[]>([[8, []]]);
		const iteration = sortedIteration(library(nodes));
		const before = process.memoryUsage().arrayBuffers;
		for (let count = 1; count <= 1500; count++) {
			nodes.get(8)?.push(8 * (1501 - count));
			expect(iteration.next(8, 0)).toBe(8 * (1501 - count));
		}
		expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
	});
});
