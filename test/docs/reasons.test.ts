import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { REASONS } from "../../src/decision/reasons.ts";
import { ROOT } from "../support/source-tree.ts";

const page = (name: string) => readFileSync(join(ROOT, "docs", name), "utf8");

describe("the reasons of refusals", () => {
	test("are all on the reference page with their status, and none is there that does not exist", () => {
		const rows = [...page("reference/decisions.md").matchAll(/^\| `([a-z_]+)` \| (\d{3}) \| (.+) \|$/gm)];
		const written = Object.fromEntries(rows.map(([, code = "", status]) => [code, Number(status)]));
		expect(written).toEqual(REASONS);
		expect(rows.length).toBe(Object.keys(REASONS).length);
	});

	test("that the other pages name exist in the source", () => {
		const sources = ["src/decision/reasons.ts", "src/envoy/ext-proc/refusals.ts", "src/fields/types.ts"]
			.map((file) => readFileSync(join(ROOT, file), "utf8"))
			.join("\n");
		for (const name of ["explanation/failures.md", "guides/operate.md"]) {
			const table = page(name)
				.split("\n")
				.filter((line) => line.startsWith("| "))
				.join("\n");
			const codes = [...table.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map((match) => match[1] ?? "");
			expect(codes.length).toBeGreaterThan(5);
			const known = new Set(["policy_reason", ...(sources.match(/\b[a-z]+(?:_[a-z]+)+\b/g) ?? [])]);
			expect(codes.filter((code) => !known.has(code))).toEqual([]);
		}
	});
});
