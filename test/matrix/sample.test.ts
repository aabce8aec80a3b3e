import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "@jest/globals";
import { partOf } from "../support/test-size.ts";
import { allCells, cellText, isDocumented, outcomeText } from "./cells.ts";
import { failModesPage, OPEN_CELLS } from "./page.ts";
import { createStage, type Seen } from "./stage.ts";

const PAGE = new URL("../../docs/reference/fail-modes.md", import.meta.url);
const CELLS = allCells();
const stage = createStage();
afterAll(() => stage.close(), 30_000);

describe("whatever goes wrong in Postern, a client gets what the page says", () => {
	test.each(
		partOf(CELLS, Math.ceil(CELLS.length / 10), 20_261_128).map((cell) => [cellText(cell), cell] as const),
	)(
		"%s",
		async (_name, cell) => {
			const seen = await stage.run(cell);
			expect(`${outcomeText(seen.outcome)} ${isDocumented(seen.outcome, cell)}`).toMatch(/ true$/);
			if (cell.failure !== "ends with OK") expect(seen.unmasked).toBe(0);
		},
		60_000,
	);
});

test("the page is made of what the cells are documented to give, and of what fails open", () => {
	const page = readFileSync(PAGE, "utf8");
	const told = [...page.matchAll(/^\| (?:BUFFERED|STREAMED) \| .* \| (\d) of 2 withheld values \|$/gm)];
	const open = told.map(([, count]): Seen => ({ outcome: { kind: "unmasked" }, unmasked: Number(count) }));
	expect(failModesPage(open)).toBe(page);
	expect(open).toHaveLength(OPEN_CELLS.length);
});
