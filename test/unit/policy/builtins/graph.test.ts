import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { HOST_BUILTINS } from "../../../../src/policy/builtins/table.ts";
import { arrayTerm, objectTerm } from "../../../../src/policy/term/term.ts";
import { type Call, callsOf, differences } from "../../../support/builtin-oracle.ts";

describe("graph.reachable_paths", () => {
	test("finds the paths that OPA finds in random graphs", async () => {
		const node = fc.constantFrom("a", "b", "c", "d", "e", "x");
		const graph = fc.dictionary(
			node,
			fc.oneof(fc.array(node, { maxLength: 3 }), fc.array(node, { maxLength: 3 }), fc.constant(null)),
			{ noNullPrototype: true },
		);
		const calls = fc.sample(fc.tuple(graph, fc.array(node, { maxLength: 3 })), { numRuns: 1500, seed: 13 });
		expect(await differences(calls.map((args): Call => ["graph.reachable_paths", args]))).toEqual([]);
	});

	test("takes sets, and refuses what is no graph", async () => {
		const calls = callsOf(
			"graph.reachable_paths",
			[{ a: { $set: ["b", "c"] }, b: { $set: [] }, c: ["a"] }, { $set: ["a"] }],
			[{ a: ["a"] }, ["a"]],
			[{ a: [1] }, ["a"]],
			[[], ["a"]],
			[{}, "a"],
			[{}, []],
			[{ a: 1 }, ["a"]],
			[{ a: { b: 1 } }, ["a"]],
		);
		expect(await differences(calls)).toEqual([]);
	});

	test("a dense graph cannot hang it", () => {
		const names = Array.from({ length: 12 }, (_, i) => `n${i}`);
		const graph = objectTerm(names.map((name) => [name, arrayTerm(names)] as const));
		expect(() =>
			HOST_BUILTINS.get("graph.reachable_paths")?.([graph, arrayTerm(["n0"])], undefined as never),
		).toThrow("too large");
	});
});
