import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { HOST_BUILTINS } from "../../../../src/policy/builtins/table.ts";
import { type Call, callsOf, differences } from "../../../support/builtin-oracle.ts";
import { growth } from "../../../support/growth.ts";

const PATTERNS = [
	"",
	"a",
	"a*",
	"x*",
	"^",
	"$",
	"\\b",
	"^a",
	"(a)(b)?",
	"(?P<name>a+)(?P<other>b)?",
	"(?<name>a)",
	"(?i)É",
	"[[:alpha:]]+",
	"\\pL",
	"\\p{Greek}",
	"\\p{Nope}",
	"(?s).",
	"(?m)^.",
	".",
	"\\d+?",
	"a{2,3}",
	"a{1001}",
	"(a{1000}){1000}",
	"a**",
	"(?=a)",
	"(?<=a)b",
	"\\1",
	"\\C",
	"\\Z",
	"\\z",
	"\\Q.+\\E",
	"[a-",
	"[z-a]",
	"[^\\n]",
	"(?U)a+",
	"(?x)a",
	"\\x{1F600}",
	"\u{1f600}|é",
	"(",
	")",
	"a|",
	"(|a)+",
	"(?P<01>a)",
	"\\",
	"\\_",
	"\\é",
	"[[:word:]]",
	"[[:nope:]]",
	"\\pN{1}",
	"x{,2}",
	"x{2,1}",
	"(?-s:.)",
	"(?i:K)",
	"\\u0041",
];
const TEXTS = [
	"",
	"a",
	"aab",
	"axbxc",
	"ab ab",
	"É é",
	"\u{1f600}a\u{1f600}",
	"a\nb",
	"a1b22c333",
	"Kk\u212a",
	"x{,2}",
];
const TEMPLATES = [
	"",
	"-",
	"$0",
	"$1x",
	"$" + "{1}x",
	"$name",
	"$" + "{name}!",
	"$$",
	"$",
	"$" + "{",
	"$" + "{1",
	"$é",
	"$01",
	"$9",
	"\\1",
];

const call = (name: string, ...args: string[]) => HOST_BUILTINS.get(name)?.(args, undefined as never);

describe("regular expressions", () => {
	test("answer as Go's for every pattern and text", async () => {
		const calls: Call[] = [];
		for (const pattern of PATTERNS) {
			for (const text of TEXTS) {
				calls.push(["regex.split", [pattern, text]]);
				for (const limit of [-1, 0, 2]) calls.push(["regex.find_n", [pattern, text, limit]]);
				for (const template of TEMPLATES) calls.push(["regex.replace", [text, pattern, template]]);
			}
		}
		expect(await differences(calls)).toEqual([]);
	});

	test("answer as Go's for random patterns", async () => {
		const part = fc.constantFrom(
			..."ab.*+?|()[]^$-\\d{}1,é\u{1f600}",
			"(?:",
			"(?i)",
			"\\b",
			"\\w",
			"\\pL",
			"{2}",
			"[^a]",
			"a*?",
		);
		const pattern = fc.array(part, { maxLength: 7 }).map((parts) => parts.join(""));
		const text = fc
			.array(fc.constantFrom(..."abAB1 \né\u{1f600}"), { maxLength: 10 })
			.map((chars) => chars.join(""));
		const calls = fc
			.sample(fc.tuple(pattern, text), { numRuns: 1500, seed: 11 })
			.flatMap(([p, t]): Call[] => [
				["regex.find_n", [p, t, -1]],
				["regex.split", [p, t]],
				["regex.replace", [t, p, "<$0$1>"]],
			]);
		expect(await differences(calls)).toEqual([]);
	});

	test("refuse arguments of other types as OPA does", async () => {
		expect(
			await differences([
				...callsOf(
					"regex.find_n",
					["a", "a", "1"],
					["a", "a", 1.5],
					["a", "aaa", 2.0],
					[1, "a", 1],
					["a", null, 1],
				),
				...callsOf("regex.replace", [1, "a", "b"], ["a", 1, "b"], ["a", "a", 1]),
				...callsOf("regex.split", [1, "a"], ["a", []]),
				...callsOf("regex.globs_match", [1, "a"], ["a", 1]),
				...callsOf(
					"regex.template_match",
					[1, "a", "{", "}"],
					["a", 1, "{", "}"],
					["a", "a", 1, "}"],
					["a", "a", "{", 1],
				),
				...callsOf("glob.quote_meta", [1], [""], ["*?[]{}\\,!-^$.()+|é"]),
			]),
		).toEqual([]);
	});

	test("templates are literal but for their delimited parts", async () => {
		expect(
			await differences(
				callsOf(
					"regex.template_match",
					["urn:foo:{.*}", "urn:foo:bar:baz", "{", "}"],
					["urn.foo:<[a-z]+>", "urn-foo:bar", "<", ">"],
					["urn.foo:<[a-z]+>", "urn.foo:bar", "<", ">"],
					["a{1{2}3}b", "a112b", "{", "}"],
					["a{", "a", "{", "}"],
					["a}", "a", "{", "}"],
					["{a)(b}", "ab", "{", "}"],
					["{a|b}c", "ac", "{", "}"],
					["xax", "xax", "x", "x"],
					["plain", "plain", "", "}"],
					["plain", "plain", "{{", "}"],
					["plain", "plain", "é", "}"],
					["plain", "plain", "{", "}"],
					["é{.}", "é\u{1f600}", "{", "}"],
				),
			),
		).toEqual([]);
	});

	test("globs meet where OPA's meet", async () => {
		const part = fc.constantFrom(
			"a",
			"b",
			".",
			"a*",
			"b+",
			".*",
			".+",
			"[ab]",
			"[a-c]*",
			"[b-]",
			"[]",
			"\\*",
			"[\\]-a]",
			"é",
			"]",
			"*",
			"[",
			"\\",
			"[c-a]",
		);
		const glob = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(""));
		const good = fc
			.array(fc.constantFrom("a", "b", ".", "a*", "b+", ".*", ".+", "[ab]", "[bc]*", "[]", "[c]+"), {
				maxLength: 7,
			})
			.map((parts) => parts.join(""));
		const calls = [
			...fc.sample(fc.tuple(glob, glob), { numRuns: 600, seed: 5 }),
			...fc.sample(fc.tuple(good, good), { numRuns: 3000, seed: 6 }),
		].map((args): Call => ["regex.globs_match", args]);
		expect(await differences(calls)).toEqual([]);
	});

	test("a name given twice, which Go takes, is a failure and never undefined", () => {
		expect(() => call("regex.split", "(?P<n>a)(?P<n>b)", "ab")).toThrow("duplicate");
		expect(call("regex.split", "(?P<n>a", "ab")).toBeUndefined();
	});

	test("a hostile pattern costs no more than the length of its text", () => {
		const replaced = (count: number): unknown =>
			call("regex.replace", `${"a".repeat(count)}!`, "(a+)+$", "x");
		expect(replaced(5000)).toBe(`${"a".repeat(5000)}!`);
		expect(
			growth(
				() => replaced(625),
				() => replaced(5000),
			),
		).toBeLessThan(32);
	});

	test("two hostile globs cost no more than the product of their lengths", () => {
		const met = (count: number): unknown =>
			call("regex.globs_match", "a*b*".repeat(count), `${"a*b*".repeat(count)}c`);
		expect(met(100)).toBe(false);
		expect(
			growth(
				() => met(25),
				() => met(100),
			),
		).toBeLessThan(48);
	});

	test("what would be longer than any text may be is refused", () => {
		expect(() => call("regex.replace", "a".repeat(10_000), "", "b".repeat(10_000))).toThrow(RangeError);
	});
});
