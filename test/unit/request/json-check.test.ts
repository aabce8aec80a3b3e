import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { checkJson } from "../../../src/request/json-check.ts";
import { corporaDir } from "../../support/corpora.ts";
import { growth } from "../../support/growth.ts";

const check = (text: string | Buffer, depth = 64) => {
	const bytes = Buffer.from(text);
	return checkJson(bytes, 0, bytes.length, depth);
};

describe("only JSON passes", () => {
	test.each([
		"",
		"  ",
		"{1,2}",
		"{}{}",
		"1 2",
		"[1,]",
		'{"a":1,}',
		"{'a':1}",
		"`raw`",
		"set()",
		"+1",
		".5",
		"5.",
		"01",
		"-",
		"1e",
		"NaN",
		"-Infinity",
		"1_000",
		"truex",
		"nul",
		"// c\n1",
		"\ufefftrue",
		'"a\u0001b"',
		'"a\tb"',
		'"\\x41"',
		'"\\u12"',
		'"\\u12g4"',
		'"open',
		'{"a"}',
		'{"a":}',
		'{"a" 1}',
		"{1:2}",
		"[",
		"]",
		'{"a":1]',
		"[1}",
	])("%j is refused", (text) => {
		expect(check(text)).toEqual({ ok: false, message: "malformed" });
	});
	test("bytes that are no UTF-8 are refused", () => {
		expect(check(Buffer.from([0x22, 0xff, 0x22])).ok).toBe(false);
		expect(check(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])).ok).toBe(false);
	});
	test("depth is bounded, and a bomb costs no stack", () => {
		expect(check("[[[]]]", 3).ok).toBe(true);
		expect(check("[[[[]]]]", 3)).toEqual({ ok: false, message: "too_deep" });
		expect(check("[".repeat(1_000_000), 2_000_000).ok).toBe(false);
		expect(check(`${'{"a":'.repeat(10_001)}1${"}".repeat(10_001)}`, 10_000)).toEqual({
			ok: false,
			message: "too_deep",
		});
	});
	test.each([
		[
			"members",
			(count: number) =>
				`{${Array.from({ length: count }, (_, index) => `"k${index}":"\\u0041"`).join(",")}}`,
			200_000,
		],
		["digits of one number", (count: number) => "1".repeat(count), 1 << 20],
	])("many %s cost no more than their number", (_name, text, count) => {
		const [some, many] = [text(count / 8), text(count)];
		expect(check(many).ok).toBe(true);
		expect(
			growth(
				() => check(some),
				() => check(many),
			),
		).toBeLessThan(32);
	});
});

describe("members named twice are found", () => {
	test.each([
		'{"a":1,"a":2}',
		'{"x":{"b":1,"c":[],"b":2}}',
		'{"a":1,"\\u0061":2}',
		'{"é":1,"\\u00e9":2}',
		'[{"":1,"":2}]',
		'{"a":{},"b":[{}],"a":0}',
	])("%s", (text) => {
		expect(check(text)).toMatchObject({ ok: true, duplicates: true });
	});
	test.each(['{"a":{"a":1},"b":{"a":1}}', '[{"a":1},{"a":1}]', '{"a":1,"A":2}'])("not in %s", (text) => {
		expect(check(text)).toMatchObject({ ok: true, duplicates: false });
	});
});

test("halves of surrogate pairs are found where they stand", () => {
	const offsets = (text: string) => {
		const result = check(text);
		return result.ok ? result.surrogates : undefined;
	};
	expect(offsets('"\\ud83d\\ude00"')).toEqual([]);
	expect(offsets('"\\ud800"')).toEqual([1]);
	expect(offsets('"\\ude00\\ud83d"')).toEqual([1, 7]);
	expect(offsets('"\\ud800\\u0041"')).toEqual([1]);
	expect(offsets('{"\\ud800":"\\\\ud800"}')).toEqual([2]);
	expect(offsets('["\\ud83d","\\ude00"]')).toEqual([2, 11]);
});

test("whatever JSON.parse reads passes, and what it refuses does not", () => {
	const pieces = fc.constantFrom(
		"{",
		"}",
		"[",
		"]",
		",",
		":",
		'"',
		"a",
		"\\",
		"u00e9",
		"1",
		"-",
		".",
		"e",
		"0",
		"true",
		" ",
		"null",
	);
	fc.assert(
		fc.property(
			fc.oneof(
				fc.json(),
				fc.array(pieces, { maxLength: 12 }).map((list) => list.join("")),
			),
			(text) => {
				let parses = true;
				try {
					JSON.parse(text);
				} catch {
					parses = false;
				}
				expect(check(text, 1000).ok).toBe(parses);
			},
		),
		{ numRuns: 5000 },
	);
});

const folder = corporaDir();
const suite = folder === undefined ? "" : join(folder, "json");
const files = existsSync(suite)
	? readdirSync(suite, { recursive: true })
			.map(String)
			.filter((name) => name.endsWith(".json"))
	: [];
(files.length > 0 ? test : test.skip)("the JSON test suite: y_ passes, n_ does not", () => {
	const wrong: string[] = [];
	for (const file of files) {
		const kind = file.replace(/^.*\//, "")[0];
		const { ok } = check(readFileSync(join(suite, file)), 200_000);
		if ((kind === "y" && !ok) || (kind === "n" && ok)) wrong.push(file);
	}
	expect(wrong).toEqual([]);
	expect(files.length).toBe(318);
});
