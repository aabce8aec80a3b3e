import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { didYouMean, editDistance, nearest } from "../../../src/lib/nearest.ts";

test.each([
	["", "", 0],
	["", "abc", 3],
	["serve", "sreve", 1],
	["release", "relase", 1],
	["kitten", "sitting", 3],
	["ca", "abc", 3],
])("from %s to %s are %d edits", (left, right, distance) => {
	expect(editDistance(left, right)).toBe(distance);
	expect(editDistance(right, left)).toBe(distance);
});

test("distance is symmetric, zero only for equals, at most the longer length, and a limit never changes what is near", () => {
	const word = fc.string({ maxLength: 12, unit: fc.constantFrom("a", "b", "c") });
	fc.assert(
		fc.property(word, word, fc.nat(6), (left, right, limit) => {
			const exact = editDistance(left, right);
			expect(editDistance(right, left)).toBe(exact);
			expect(exact === 0).toBe(left === right);
			expect(exact).toBeLessThanOrEqual(Math.max(left.length, right.length));
			const bounded = editDistance(left, right, limit);
			expect(bounded <= limit ? bounded : -1).toBe(exact <= limit ? exact : -1);
		}),
	);
});

test("one edit is always found for a word of four letters or more", () => {
	const known = ["serve", "build", "check", "eval", "mask"];
	fc.assert(
		fc.property(fc.constantFrom(...known), fc.nat(4), fc.constantFrom("x", ""), (word, at, put) => {
			const changed = word.slice(0, at) + put + word.slice(at + 1);
			expect(nearest(changed, known)).toBe(word);
		}),
	);
});

test("nothing is guessed for a word that is far from all", () => {
	expect(nearest("frobnicate", ["serve", "build"])).toBeUndefined();
	expect(didYouMean("frobnicate", ["serve"])).toBe("");
	expect(didYouMean("SERVE", ["serve"])).toBe('; did you mean "serve"?');
	expect(nearest("aa", ["ab", "ac"])).toBe("ab");
});
