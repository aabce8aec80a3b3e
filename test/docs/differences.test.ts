import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { LEAVES } from "../../src/config/leaves.ts";
import { ROOT } from "../support/source-tree.ts";

const page = readFileSync(join(ROOT, "docs/reference/differences.md"), "utf8");
const recorded = JSON.parse(readFileSync(join(ROOT, "test/corpora/deviations.json"), "utf8")) as Readonly<
	Record<string, unknown>
>;

/** Cells of the tables; an escaped bar is none of a column. */
const rows = page
	.split("\n")
	.filter((line) => line.startsWith("| `"))
	.map((line) =>
		line
			.split(/(?<!\\)\|/)
			.slice(1, -1)
			.map((cell) => cell.trim()),
	);

describe("the page of differences", () => {
	test("has a row for every code by which recorded answers differ", () => {
		const codes = rows.map(([code]) => code?.replaceAll("`", ""));
		expect(codes.length).toBeGreaterThan(20);
		expect(new Set(codes).size).toBe(codes.length);
		expect(Object.keys(recorded).filter((code) => !codes.includes(code))).toEqual([]);
	});

	test.each(rows)("%s", (code, plugin, ours, setting, proof) => {
		expect({ code, told: [plugin, ours].every((cell) => (cell ?? "").length > 5) }).toEqual({
			code,
			told: true,
		});
		const keys = LEAVES.map(({ key }) => `\`${key}\``);
		const named = (setting ?? "").split(", ");
		expect(setting === "none" || named.every((key) => keys.includes(key))).toBe(true);
		const [file = "", title = ""] = (proof ?? "").split(/: (.*)/);
		const path = join(ROOT, file);
		expect({ file, there: existsSync(path) }).toEqual({ file, there: true });
		expect({ title, there: readFileSync(path, "utf8").includes(title) }).toEqual({ title, there: true });
	});
});
