import { describe, expect, test } from "@jest/globals";
import { compare } from "../../examples/clinic/compare.ts";
import { readTree } from "../../examples/clinic/json-tree.ts";

/** Rows as the demo prints them, without the columns. */
function rows(upstream: string, seen: string): readonly string[] {
	const before = readTree(upstream);
	if (before === undefined) throw new Error("no JSON");
	return compare(before, readTree(seen)).map(({ sign, left, right }) =>
		`${sign} ${left} | ${right}`.trimEnd(),
	);
}

describe("the view of both sides", () => {
	test("tells released, masked and withheld members apart, with commas where each side needs them", () => {
		expect(rows('{"a": 1, "b": "x", "c": 2, "d": 3}', '{"a": 1, "b": "*"}')).toEqual([
			"  { | {",
			'=   "a": 1, |   "a": 1,',
			'~   "b": "x", |   "b": "*"',
			'-   "c": 2, |',
			'-   "d": 3 |',
			"  } | }",
		]);
	});

	test("keeps the digits of a number", () => {
		expect(rows("[9007199254740993, 1e400]", "[9007199254740993, 1e400]")).toEqual([
			"  [ | [",
			"=   9007199254740993, |   9007199254740993,",
			"=   1e400 |   1e400",
			"  ] | ]",
		]);
	});

	test("finds the elements that stayed where others went", () => {
		expect(rows('[{"id": 1, "x": 0}, {"id": 2, "x": 0}, {"id": 3, "x": 0}]', '[{"id": 3}]')).toEqual([
			"  [ | [",
			'-   {"id": 1, "x": 0}, |',
			'-   {"id": 2, "x": 0}, |',
			"    { |   {",
			'=     "id": 3, |     "id": 3',
			'-     "x": 0 |',
			"    } |   }",
			"  ] | ]",
		]);
	});

	test("shows a container that was masked whole, one that was emptied, and a body that became null", () => {
		expect(rows('{"a": [1, 2]}', '{"a": null}')).toContain('~   "a": [1, 2] |   "a": null');
		expect(rows('{"a": {"b": 1}}', '{"a": {}}')).toContain('-     "b": 1 |');
		expect(rows('{"a": 1}', "null")).toEqual(['~ {"a": 1} | null']);
	});
});
