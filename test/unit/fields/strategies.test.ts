import { describe, expect, test } from "@jest/globals";
import { mask } from "../../support/mask-body.ts";

const one = (rule: object, body: string, decision = false, consumer = "ada"): string => {
	const masked = mask({ directive: { mask: [{ select: "$", ...rule }] }, body, decision, consumer });
	expect(masked.refusal).toBeUndefined();
	return masked.text;
};
const BODIES = ['"ada@x.org"', "12.50", "true", "null", '{"a":1}', "[1]"];

describe("strategies by kind of value", () => {
	test.each<[object, string[]]>([
		[{ as: "null" }, ["null", "null", "null", "null", "null", "null"]],
		[{ as: "redact" }, ['"[redacted]"', "0", "false", "null", "null", "null"]],
		[{ as: "constant", value: { k: [1e3] } }, Array<string>(6).fill('{"k":[1000]}')],
		[{ as: "partial", keep_end: 2 }, ['"*******rg"', '"***50"', "false", "null", "null", "null"]],
		[{ as: "email" }, ['"a***@x.org"', "0", "false", "null", "null", "null"]],
		[{ as: "year" }, ['"[redacted]"', "0", "false", "null", "null", "null"]],
		[{ as: "truncate", length: 3 }, ['"ada…"', '"12.…"', "false", "null", "null", "null"]],
	])("%j", (rule, expected) => {
		expect(BODIES.map((body) => one(rule, body))).toEqual(expected);
	});

	test("a pseudonym depends on consumer, domain and text, and on nothing else", () => {
		const hash = (rule: object, body: string, consumer?: string): string =>
			one({ as: "hash", ...rule }, body, false, consumer);
		expect(hash({}, '"1"')).toMatch(/^"hmac:[A-Za-z0-9_-]{22}"$/);
		expect(hash({}, '"\\u0031"')).toBe(hash({}, "1"));
		expect(hash({}, "true")).toBe(hash({}, '"true"'));
		expect(hash({}, '"\\ud800"')).toBe(hash({}, '"\ufffd"'));
		expect(hash({}, '"1"', "bob")).not.toBe(hash({}, '"1"'));
		expect(hash({ domain: "d" }, '"1"')).not.toBe(hash({}, '"1"'));
		expect([hash({}, "null"), hash({}, "[1]")]).toEqual(["null", "null"]);
	});
});

describe("texts", () => {
	test.each([
		[{ as: "partial", keep_start: 1, keep_end: 1 }, '"abcd"', '"a**d"'],
		[{ as: "partial", keep_start: 1, keep_end: 1 }, '"ab"', '"**"'],
		[{ as: "partial", keep_start: 1, char: "😀" }, '"😀é\\ud83d\\ude00"', '"😀😀😀"'],
		[{ as: "partial" }, '""', '""'],
		[{ as: "partial", keep_end: 1 }, '"\\ud800\\udc00\\ud800"', '"*\\ud800"'],
		[{ as: "email" }, '"a@b@c"', '"a***@c"'],
		[{ as: "email" }, '"@c"', '"[redacted]"'],
		[{ as: "email" }, '"no"', '"[redacted]"'],
		[{ as: "email" }, '"😀x@c"', '"😀***@c"'],
		[{ as: "year" }, '"2024-12"', '"2024"'],
		[{ as: "year" }, '"2024-12-31T"', '"2024"'],
		[{ as: "year" }, '"2024-121"', '"[redacted]"'],
		[{ as: "year" }, '"2024-00"', '"[redacted]"'],
		[{ as: "year" }, '" 2024-01"', '"[redacted]"'],
		[{ as: "truncate", length: 2 }, '"\\u0061\\/"', '"\\u0061\\/"'],
		[{ as: "truncate", length: 2 }, '"😀😀😀"', '"😀😀…"'],
		[{ as: "truncate", length: 0 }, '"x"', '"…"'],
		[{ as: "truncate", length: 0 }, '""', '""'],
		[{ as: "truncate", length: 4 }, "1e10", "1e10"],
	])("%j of %s is %s", (rule, body, expected) => {
		expect(one(rule, body)).toBe(expected);
	});
});

describe("several masks on one value", () => {
	const both = (a: object, b: object, decision = false): string => {
		const rules = [a, b].map((rule) => ({ select: "$", ...rule }));
		const texts = [rules, rules.toReversed()].map(
			(list) => mask({ directive: { mask: list }, body: '"abcdefgh"', decision, consumer: "ada" }).text,
		);
		expect(texts[0]).toBe(texts[1]);
		return texts[0]!;
	};

	test("the one that hides most wins, whatever the order", () => {
		expect(both({ as: "partial", keep_end: 1 }, { as: "partial", keep_start: 2 })).toBe('"*******h"');
		expect(both({ as: "partial", keep_end: 1 }, { as: "partial", keep_start: 1 })).toBe('"*******h"');
		expect(both({ as: "truncate", length: 2 }, { as: "partial" })).toBe('"ab…"');
		expect(both({ as: "null" }, { as: "redact" })).toBe("null");
	});

	test("in a decision two that show different parts become redact", () => {
		expect(both({ as: "truncate", length: 2 }, { as: "partial", keep_end: 2 }, true)).toBe('"[redacted]"');
		expect(both({ as: "hash" }, { as: "year" }, true)).toBe('"[redacted]"');
		expect(both({ as: "null" }, { as: "year" }, true)).toBe("null");
		expect(both({ as: "partial", keep_end: 2 }, { as: "partial", keep_end: 3 }, true)).toBe('"******gh"');
	});
});

describe("strategies inside a decision", () => {
	test("partial hides at least half unless the directive says how much", () => {
		const rule = { as: "partial", keep_end: 4 };
		expect(one(rule, '"12345678"', true)).toBe('"****5678"');
		expect(one(rule, '"1234567"', true)).toBe('"*******"');
		expect(one({ ...rule, min_hidden: 3 }, '"1234567"', true)).toBe('"***4567"');
		expect(one({ ...rule, min_hidden: 0 }, '"1234"', true)).toBe('"****"');
	});

	test("a pseudonym without a domain holds for one field only", () => {
		const body = '{"a":"x","b":["x","x"]}';
		const split = (domain?: string): string[] => {
			const rules = ["$.a", "$.b[*]"].map((select) => ({
				select,
				as: "hash",
				...(domain !== undefined && { domain }),
			}));
			const text = mask({ directive: { mask: rules }, body, decision: true, consumer: "ada" }).text;
			const { a, b } = JSON.parse(text) as { a: string; b: string[] };
			expect(b[0]).toBe(b[1]);
			return [a, b[0]!];
		};
		expect(split()[0]).not.toBe(split()[1]);
		expect(split("people")[0]).toBe(split("people")[1]);
	});

	test("booleans and values of nobody get no pseudonym", () => {
		expect(one({ as: "hash" }, "true", true)).toBe("false");
		expect(one({ as: "hash" }, '"x"', true, "")).toBe('"[redacted]"');
		expect(one({ as: "hash" }, "7", true, "")).toBe("0");
	});
});
