import { describe, expect, test } from "@jest/globals";
import { parseSelector } from "../../../src/fields/selector.ts";
import type { Step } from "../../../src/fields/types.ts";

const name = (text: string, descend = false): Step => ({ kind: "name", name: text, descend });
const any = (descend = false): Step => ({ kind: "any", descend });
const index = (at: number): Step => ({ kind: "index", index: at });

describe("a selector text", () => {
	test.each<[string, Step[]]>([
		["$", []],
		["$.a", [name("a")]],
		["$._x1", [name("_x1")]],
		["$.é.😀", [name("é"), name("😀")]],
		["$['a b']", [name("a b")]],
		['$["it\'s"]', [name("it's")]],
		["$['it\\'s']", [name("it's")]],
		["$['\\b\\f\\n\\r\\t\\/\\\\']", [name("\b\f\n\r\t/\\")]],
		["$['\\u0061\\uD83D\\uDE00']", [name("a😀")]],
		["$['']", [name("")]],
		["$.*[*]", [any(), any()]],
		["$[0][9007199254740991]", [index(0), index(9007199254740991)]],
		["$..a", [name("a", true)]],
		["$..['a'].b", [name("a", true), name("b")]],
		["$..*..[*]", [any(true), any(true)]],
	])("%s is read", (text, steps) => {
		expect(parseSelector(text)).toEqual({ ok: true, selector: { kind: "path", steps } });
	});

	test.each(["class:pii", "class:pii.email", "class:A-1_b"])("%s names a class", (text) => {
		expect(parseSelector(text)).toEqual({ ok: true, selector: { kind: "class", name: text.slice(6) } });
	});

	test.each([
		"",
		" $",
		"a",
		"$a",
		"$.",
		"$..",
		"$...a",
		"$.a ",
		"$ .a",
		"$.a-b",
		"$.1",
		"$[-1]",
		"$[01]",
		"$[9007199254740992]",
		"$[0:1]",
		"$[?@.a]",
		"$['a','b']",
		"$['a'",
		"$['a",
		"$[ 0 ]",
		"$.[0]",
		"$..[0]",
		"$['\\x']",
		"$['\\u12']",
		"$['\\ud800']",
		"$.\ud800",
		"$['\u0001']",
		"class:",
		"class:a..b",
		"class:a b",
	])("%j is refused with a message that says where", (text) => {
		const read = parseSelector(text);
		expect(read.ok).toBe(false);
		expect(!read.ok && read.message.length).toBeGreaterThan(10);
	});
});

describe("a selector of literal names", () => {
	test("takes names as they are, indexes and any", () => {
		expect(parseSelector(["a.b['c']", 0, { any: true }, ""])).toEqual({
			ok: true,
			selector: { kind: "path", steps: [name("a.b['c']"), index(0), any(), name("")] },
		});
	});

	test.each<[unknown[]]>([
		[[]],
		[[-1]],
		[[1.5]],
		[[null]],
		[[{ any: false }]],
		[[{ any: true, more: 1 }]],
		[["\ud800"]],
		[[["a"]]],
	])("%j is refused", (items) => {
		expect(parseSelector(items).ok).toBe(false);
	});

	test("refuses a selector text wrapped in an array, which would match nothing", () => {
		for (const text of ["$.a", "$", "$['a']", "class:pii"]) {
			expect(parseSelector([text])).toMatchObject({
				ok: false,
				message: expect.stringContaining("take it out"),
			});
		}
		expect(parseSelector(["$ref"]).ok).toBe(true);
	});
});
