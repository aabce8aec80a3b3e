import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ERROR_EXIT_CODES, PosternError, toPosternError } from "../../../src/lib/errors.ts";
import { ROOT, readTree } from "../../support/source-tree.ts";

const page = readFileSync(join(ROOT, "docs", "reference", "errors.md"), "utf8");
const sections = new Map(
	page
		.split(/^## /m)
		.slice(1)
		.map((section) => {
			const [code = "", ...text] = section.split("\n");
			return [code, text.join("\n").trim()] as const;
		}),
);

test("every code of the catalogue has its section, and no section is without a code", () => {
	expect([...sections.keys()].sort()).toEqual(Object.keys(ERROR_EXIT_CODES).sort());
});

test("the sections stand in order and say more than the code", () => {
	const codes = [...sections.keys()];
	expect(codes).toEqual([...codes].sort());
	for (const [code, text] of sections)
		expect({ code, sentences: text.split(/[.;:] /).length > 1 }).toEqual({ code, sentences: true });
});

test("every code is used, by the sources or the launcher", () => {
	const sources = [...readTree("src")].filter(([file]) => file !== "lib/errors.ts").map(([, text]) => text);
	const everything = [...sources, readFileSync(join(ROOT, "bin", "postern"), "utf8")].join("\n");
	for (const code of Object.keys(ERROR_EXIT_CODES)) {
		if (code !== "internal")
			expect({ code, used: new RegExp(`["(]${code}[")]`).test(everything) }).toEqual({ code, used: true });
	}
});

test("exit codes are 1, 2 or 3, and whatever is thrown becomes an error of the catalogue", () => {
	for (const exit of Object.values(ERROR_EXIT_CODES)) expect([1, 2, 3]).toContain(exit);
	const known = new PosternError("usage", "x");
	expect(toPosternError(known)).toBe(known);
	expect(toPosternError(new Error("boom"))).toMatchObject({ code: "internal", message: "boom" });
	expect(toPosternError("text")).toMatchObject({ code: "internal", message: "text" });
	expect(toPosternError(undefined)).toMatchObject({ code: "internal", message: "undefined" });
});
