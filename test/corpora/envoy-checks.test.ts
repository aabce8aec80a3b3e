import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { MESH_CODES, type MeshCode } from "../../src/mesh/codes.ts";
import { envoyExamples } from "../support/envoy-examples.ts";
import { checkTexts, found } from "../support/mesh-check.ts";
import { ROOT } from "../support/source-tree.ts";

const examples = envoyExamples();

/** What cannot be had without something else that is wrong by itself. */
const COMPANIONS: Readonly<Record<string, readonly string[]>> = {
	route_cache_bypass: ["route_check_disabled", "authz_cache_cleared"],
};

test("every code has its two examples, and no example is of a code that is none", () => {
	expect(examples.map(({ code }) => code)).toEqual(Object.keys(MESH_CODES).sort());
});

describe.each(examples)("$code", ({ code, bad, good, facts }) => {
	test("is found in the bad example, where it says so, and nothing else is", () => {
		const marked = bad
			.split("\n")
			.flatMap((line, at) => (line.endsWith(" # here") ? [`${at + 1} ${code}`] : []));
		expect(marked.length).toBeGreaterThan(0);
		const others = COMPANIONS[code] ?? [];
		const all = found(bad, facts);
		expect(all.filter((each) => !others.includes(each.split(" ")[1] ?? ""))).toEqual(marked);
		for (const other of others) expect(all.map((each) => each.split(" ")[1])).toContain(other);
	});

	test("nothing at all is found in the good example", () => {
		expect(found(good, facts)).toEqual([]);
	});

	test("the place is the one of the key, to the column", () => {
		const lines = bad.split("\n");
		for (const finding of checkTexts({ "bad.yaml": bad }, facts).findings) {
			const rest = lines[finding.line - 1]?.slice(finding.column - 1) ?? "";
			// A key, a value, or the first of a list item; never white space, and never the middle of a word.
			expect({ code, rest }).toEqual({ code, rest: expect.stringMatching(/^(?:[\w"'{[&*$]|- |@)/) });
			const before = lines[finding.line - 1]?.charAt(finding.column - 2) ?? "";
			expect({ code, before }).toEqual({ code, before: expect.stringMatching(/^[\s{[,-]?$/) });
		}
	});
});

describe("the table", () => {
	const entries = Object.entries(MESH_CODES) as [MeshCode, (typeof MESH_CODES)[MeshCode]][];

	test("says of each code what is wrong, why, and what to do, in sentences", () => {
		for (const [code, text] of entries) {
			expect({ code, title: text.title }).toEqual({ code, title: expect.stringMatching(/^\S.{5,95}[^.]$/) });
			for (const sentence of [text.why, text.fix, text.istio, text.gateway, text.seen]) {
				if (sentence === undefined) continue;
				expect({ code, sentence }).toEqual({ code, sentence: expect.stringMatching(/^[A-Z`].*\.$/) });
			}
			expect(code).toMatch(/^[a-z]+(?:_[a-z0-9]+)+$/);
		}
	});

	test("names tests that are there", () => {
		const proved = entries.flatMap(([code, { proof }]) => (proof === undefined ? [] : [{ code, ...proof }]));
		expect(proved.length).toBeGreaterThan(40);
		for (const { code, file, test: name } of proved) {
			const text = readFileSync(join(ROOT, file), "utf8");
			// A test of a table has its code and its words in a row of it.
			const [first, second] = name.split(": ", 2);
			const there =
				text.includes(`"${name}"`) || (text.includes(`"${first}"`) && text.includes(`"${second}"`));
			expect({ code, file, name, there }).toEqual({ code, file, name, there: true });
		}
	});

	test("at least eight errors are shown to leak or to break by the real Envoy", () => {
		const errors = entries.filter(([, { severity, proof }]) => severity === "error" && proof !== undefined);
		expect(errors.length).toBeGreaterThanOrEqual(8);
	});
});
