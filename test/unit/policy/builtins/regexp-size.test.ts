import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { patternSize } from "../../../../src/policy/builtins/go/regexp-size.ts";

const programSize = (pattern: string): number | undefined => {
	try {
		return RE2JS.compile(pattern).programSize();
	} catch {
		return undefined;
	}
};

describe("the size of a pattern", () => {
	test.each<[string, number, number]>([
		["", 0, 1],
		["abc", 3, 3],
		["a{1000}", 1000, 1000],
		["a{2,1000}", 1000, 1000],
		["a{7,}", 7, 7],
		["[a{9}\\]]{50}", 50, 50],
		["[]]{50}", 50, 50],
		["\\({50}", 50, 50],
		["(abc){100}", 300, 600],
		["((a{10}){10}b){10}", 1000, 1600],
		["(a{1000})".repeat(20), 20_000, 20_100],
	])("of %s is between %d and %d", (pattern, least, most) => {
		expect(patternSize(pattern)).toBeGreaterThanOrEqual(least);
		expect(patternSize(pattern)).toBeLessThanOrEqual(most);
	});

	test.each(["a{1001}", "(a{1000}){2}", "((a{10}){11}){10}", "(a{100000}){100000}"])(
		"of %s, which RE2 refuses, is its length",
		(pattern) => {
			expect(programSize(pattern)).toBeUndefined();
			expect(patternSize(pattern)).toBeLessThanOrEqual(pattern.length);
		},
	);

	test("is never far below what is made of it", () => {
		const piece = fc.constantFrom(
			..."a b [xy] [^a] \\d \\pL ( ) (?: ) (?i) | * + ? {3} {0,4} {2,} {30} ^ $ . é \\Qab\\E [[:alpha:]] { } ]".split(
				" ",
			),
		);
		fc.assert(
			fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
				const pattern = pieces.join("");
				const size = programSize(pattern);
				fc.pre(size !== undefined);
				expect(size).toBeLessThanOrEqual(4 * patternSize(pattern) + 4);
			}),
			{ numRuns: 3000, seed: 41 },
		);
	});

	test("is found in the time of its length", () => {
		for (const pattern of [
			"[".repeat(1_000_000),
			"(".repeat(1_000_000),
			"{".repeat(1_000_000),
			"{1".repeat(500_000),
			"\\".repeat(999_999),
		]) {
			expect(patternSize(pattern)).toBeLessThanOrEqual(3 * pattern.length);
		}
	});
});
