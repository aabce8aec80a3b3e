import { expect, test } from "@jest/globals";
import { lineIndex } from "../../../src/lib/line-index.ts";

test("an offset has the line and the column that an editor shows", () => {
	const at = lineIndex("ab\n\ncde\r\nf");
	expect([0, 1, 2, 3, 4, 6, 7, 8, 9].map(at)).toEqual([
		{ line: 1, column: 1 },
		{ line: 1, column: 2 },
		{ line: 1, column: 3 },
		{ line: 2, column: 1 },
		{ line: 3, column: 1 },
		{ line: 3, column: 3 },
		{ line: 3, column: 4 },
		{ line: 3, column: 5 },
		{ line: 4, column: 1 },
	]);
});

test("what lies outside of the text is at its ends", () => {
	const at = lineIndex("a\nb");
	expect([at(-5), at(99), lineIndex("")(3)]).toEqual([
		{ line: 1, column: 1 },
		{ line: 2, column: 2 },
		{ line: 1, column: 1 },
	]);
});
