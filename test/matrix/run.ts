/**
 * `npm run test:matrix [-- PATTERN]`: makes Postern fail in every way, at every moment of an answer, in both modes and
 * protocols, through the real Envoy, and counts the unmasked marks at the client. Without a pattern it renews
 * docs/reference/fail-modes.md; in a full run it compares that page instead. Exits 1 where an outcome is not the documented one.
 */
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { WHOLE } from "../support/test-size.ts";
import { allCells, cellText, isDocumented, outcomeText } from "./cells.ts";
import { failModesPage, OPEN_CELLS } from "./page.ts";
import { createStage, type Seen } from "./stage.ts";

const PAGE = new URL("../../docs/reference/fail-modes.md", import.meta.url);

const pattern = process.argv[2];
const cells = allCells().filter((cell) => pattern === undefined || cellText(cell).includes(pattern));
const stage = createStage();
const open: Seen[] = [];
let unexpected = 0;
let unmasked = 0;
const start = Date.now();
try {
	for (const cell of cells) {
		const seen = await stage.run(cell);
		const good = isDocumented(seen.outcome, cell);
		if (!good) unexpected++;
		if (cell.failure !== "ends with OK") unmasked += seen.unmasked;
		process.stdout.write(
			`${good ? "ok        " : "UNEXPECTED"} ${cellText(cell)}: ${outcomeText(seen.outcome)}\n`,
		);
	}
	if (pattern === undefined)
		for (const cell of OPEN_CELLS) {
			const seen = await stage.runFailingOpen(cell);
			open.push(seen);
			process.stdout.write(
				`fails open ${cellText(cell)}: ${outcomeText(seen.outcome)}, ${seen.unmasked} marks\n`,
			);
		}
} finally {
	await stage.close();
}
if (pattern === undefined && unexpected === 0) {
	const page = failModesPage(open);
	if (page !== readFileSync(PAGE, "utf8")) {
		// A full run is a judge: it leaves what it judges as it is.
		if (WHOLE) unexpected++;
		else writeFileSync(PAGE, page);
		process.stdout.write(WHOLE ? "UNEXPECTED the page says otherwise\n" : "the page is renewed\n");
	}
}
const seconds = ((Date.now() - start) / 1000).toFixed(0);
process.stdout.write(`${cells.length} cells, ${unmasked} unmasked marks at the client, ${seconds} s\n`);
process.stdout.write(`${cells.length - unexpected} passed, ${unexpected} failed\n`);
process.exit(unexpected === 0 && unmasked === 0 ? 0 : 1);
