import { describe, expect, test } from "@jest/globals";
import { parseResultSet } from "../../../src/policy/wasm/value-dump.ts";

/** One value, read as the only result of an evaluation. */
function parse(text: string): unknown {
	const result = parseResultSet(`{{"result": ${text}}}`, 16);
	return result.kind === "value" ? result.value : undefined;
}

describe("a value in OPA's notation", () => {
	test("reads what is JSON as JSON, into objects without a prototype", () => {
		const value = parse('{"a": [1, -2.5, "x", null, true, false], "b": {}, "c": []}');
		expect(JSON.stringify(value)).toBe('{"a":[1,-2.5,"x",null,true,false],"b":{},"c":[]}');
		expect(Object.getPrototypeOf(value)).toBe(null);
	});

	test("__proto__ is a member like others", () => {
		const value = parse('{"__proto__": {"admin": true}}') as Record<string, unknown>;
		expect(Object.keys(value)).toEqual(["__proto__"]);
		expect(value["admin"]).toBeUndefined();
	});

	test("sets are arrays in OPA's order: null, booleans, numbers, strings, arrays, objects, sets", () => {
		const text = '{{2}, "b", {"k": 1}, 10, "a", [1], true, 9, false, set(), null, [], -1}';
		expect(JSON.stringify(parse(text))).toBe('[null,false,true,-1,9,10,"a","b",[],[1],{"k":1},[],[2]]');
	});

	test("strings in sets are ordered by code point, not by UTF-16 unit", () => {
		expect(parse('{"\u{1f600}", "\uff5e", "z"}')).toEqual(["z", "\uff5e", "\u{1f600}"]);
	});

	test("numbers in sets are ordered by exact value", () => {
		expect(parse("{9007199254740993, 9007199254740992.5, 1e2, 99.5}")).toEqual([
			99.5, 100, 9007199254740992, 9007199254740992,
		]);
	});

	test("keys that are no strings become their JSON text", () => {
		expect(JSON.stringify(parse('{1: "a", null: "b", [1, {2}]: "c", "s": {"x"}}'))).toBe(
			'{"1":"a","null":"b","s":["x"],"[1,[2]]":"c"}',
		);
	});

	test("two keys that would get one name are refused", () => {
		expect(() => parse('{1: "a", "1": "b"}')).toThrow("two keys");
		expect(() => parse('{"a": 1, "a": 2}')).toThrow("two keys");
		expect(() => parse("{[1]: 1, {1}: 2}")).toThrow("two keys");
	});

	test("escapes are read; a lone surrogate is refused", () => {
		expect(parse('"\\u0000\\"\\\\\\n\\ud83d\\ude00"')).toBe('\0"\\\n\u{1f600}');
		expect(() => parse('"\\ud83d"')).toThrow("surrogate");
		expect(() => parse('"\\x"')).toThrow("escape");
	});

	test("a number that no double can hold is refused", () => {
		expect(() => parse("[1e400]")).toThrow("double");
		expect(() => parse("{-1e999}")).toThrow("double");
	});

	test.each([
		"",
		" 1",
		"1 2",
		"01",
		"1.",
		".5",
		"+1",
		"NaN",
		"Infinity",
		"nul",
		"set(",
		"set(1)",
		"[1,]",
		"[,1]",
		"[1 2]",
		"{1,}",
		'{"a": 1,}',
		'{"a" 1}',
		'{"a": }',
		'{"a": 1, "b"}',
		'{"a", "b": 1}',
		'"a',
		'"a\n"',
		'"\\',
		"[",
		"{",
		"[\t1]",
		"\ufeff1",
		"undefined",
	])("refuses %j", (text) => {
		expect(() => parse(text)).toThrow();
	});

	test("nesting over the limit is refused, in either way of reading", () => {
		const deep = (open: string, inner: string, close: string, depth: number) =>
			open.repeat(depth) + inner + close.repeat(depth);
		expect(() => parse(deep("[", "", "]", 16))).not.toThrow();
		expect(() => parse(deep("[", "", "]", 17))).toThrow("too deep");
		expect(() => parse(deep("{", "1", "}", 16))).not.toThrow();
		expect(() => parse(deep("{", "1", "}", 17))).toThrow("too deep");
	});
});

describe("parseResultSet", () => {
	test("tells undefined from a value", () => {
		expect(parseResultSet("set()", 8)).toEqual({ kind: "undefined" });
		expect(parseResultSet('{{"result": {"a", "b"}}}', 8)).toEqual({ kind: "value", value: ["a", "b"] });
	});

	test.each([
		"",
		"{}",
		"[]",
		'{{"result": 1}, {"result": 2}}',
		'{{"result": 1, "x": 2}}',
		'{{"result": 1}}x',
	])("refuses %j", (text) => {
		expect(() => parseResultSet(text, 8)).toThrow();
	});
});
