import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { corporaDir } from "../support/corpora.ts";
import { mask } from "../support/mask-body.ts";

const corpora = corporaDir();
const FILES = 318;

/** Directives that release all, withhold the root, and look into everything. */
const DIRECTIVES = [
	{},
	{ withhold: ["$"] },
	{ withhold: ["$..zzz"], mask: [{ select: "$..*", as: "partial" }] },
];

(corpora === undefined ? describe.skip : describe)("the files of JSONTestSuite as bodies", () => {
	const folder = corpora === undefined ? "" : join(corpora, "json", "test_parsing");
	const files = corpora === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith(".json"));

	test(`there are ${FILES} of them`, () => {
		expect(files).toHaveLength(FILES);
	});

	test.each(DIRECTIVES)("y_ is accepted, n_ is refused, i_ is either, under %j", (directive) => {
		const wrong: string[] = [];
		for (const file of files) {
			const body = readFileSync(join(folder, file));
			const whole = mask({ directive, body });
			for (const chunk of [1, 3]) {
				const cut = mask({ directive, body, chunks: [chunk] });
				if (cut.refusal !== whole.refusal || cut.text !== whole.text)
					wrong.push(`${file}: chunks of ${chunk} differ`);
			}
			if (file.startsWith("y_") && whole.refusal !== undefined) wrong.push(`${file}: ${whole.refusal}`);
			if (file.startsWith("n_") && whole.refusal === undefined) wrong.push(`${file}: accepted`);
			if (whole.refusal === undefined && Object.keys(directive).length === 0 && !whole.bytes.equals(body)) {
				wrong.push(`${file}: changed`);
			}
		}
		expect(wrong).toEqual([]);
	});
});
