import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { HOST_BUILTINS } from "../../../src/policy/builtins/table.ts";
import { opaEval } from "../../support/opa-eval.ts";
import { inputOf, policyOf } from "../../support/policy.ts";

/** Number of arguments, and calls to make; results are whatever the real OPA says. */
const CALLS: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
	"hex.encode": [[""], ["abc"], ["é\0\u{1f600}"]],
	"hex.decode": [[""], ["616263"], ["C3A9"], ["c3a"], ["zz"], [" 61"], ["0x61"]],
	"base64url.encode_no_pad": [[""], ["a"], ["ab"], ["abc"], ["???>>>"], ["é\u{1f600}"]],
	"urlquery.encode": [[""], ["a b&c=d/é\u{1f600}"], ["!'()*~-_.%+"], ["\0\n"]],
	"urlquery.decode": [[""], ["a+b%20c%C3%A9"], ["%"], ["%2"], ["%zz"], ["a%00b"], ["é+"], ["%2B+"]],
	"urlquery.encode_object": [
		[{}],
		[{ b: "1", a: "x y", é: "&=" }],
		[{ a: ["2", "1"], b: [] }],
		[{ "\uff5e": "1", "\u{1f600}": "2" }],
		[{ a: 1 }],
		[{ a: ["x", 1] }],
		[{ a: null }],
	],
	"urlquery.decode_object": [
		[""],
		["a=1&b=2&a=3"],
		["a&b=&=c&&"],
		["a=b=c"],
		["a;b=1"],
		["a=%zz"],
		["%61=%26+x"],
		["__proto__=1"],
	],
	"crypto.md5": [[""], ["abc"], ["é"]],
	"crypto.sha1": [[""], ["abc"], ["é"]],
	"crypto.sha256": [[""], ["abc"], ["é"]],
	"crypto.hmac.md5": [
		["", ""],
		["message", "key"],
		["é", "ü"],
	],
	"crypto.hmac.sha1": [
		["", ""],
		["message", "key"],
	],
	"crypto.hmac.sha256": [
		["", ""],
		["message", "key"],
	],
	"crypto.hmac.sha512": [
		["", ""],
		["message", "key"],
	],
	"crypto.hmac.equal": [
		["", ""],
		["abc", "abc"],
		["abc", "abd"],
		["abc", "abcd"],
	],
	"strings.any_prefix_match": [
		["abc", "ab"],
		["abc", ["x", "a"]],
		[["xyz", "abc"], ["b"]],
		[[], ["a"]],
		["a", []],
		["a", [""]],
		["a", [1]],
		[1, "a"],
	],
	"strings.any_suffix_match": [
		["abc", "bc"],
		["abc", ["x", "c"]],
		[["xyz", "abc"], ["b"]],
		["a", [""]],
		["a", [1]],
	],
	trace: [["x"], [""], [1], [null]],
	"strings.split_n": [
		["a,b,c", ",", 0],
		["a,b,c", ",", 2],
		["a,b,c", ",", 3],
		["a,b,c", ",", 9],
		["a,b,c", ",", -1],
		["a,b,c", ",", -9],
		["a,b,c", ",", 9_007_199_254_740_991],
		["a,b,c", ",", 1e30],
		["a,b,c", ",", 1.5],
		["", ",", 1],
		["", ",", -1],
		["", "", 1],
		["é\u{1f600}b", "", 2],
		["é\u{1f600}b", "", -2],
		["aaaa", "aa", 9],
		["a", "b", 1],
		["a", 1, 1],
		[1, "a", 1],
		["a", "a", "1"],
	],
	"strings.count": [
		["aaaa", "aa"],
		["", ""],
		["é\u{1f600}", ""],
		["abc", "x"],
		["\u{1f600}\u{1f600}", "\u{1f600}"],
	],
	indexof_n: [
		["aaaa", "aa"],
		["\u{1f600}a\u{1f600}a", "a"],
		["abc", ""],
		["", "a"],
		["abc", "abcd"],
	],
	"object.subset": [
		[{ a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } }],
		[{ a: 1 }, { a: 2 }],
		[{ a: [1, 2, 3] }, { a: [2, 3] }],
		[{ a: [1, 2, 3] }, { a: [1, 3] }],
		[{ a: 1.0 }, { a: 1 }],
		[{ a: { b: 1 } }, { a: 1 }],
		[{}, {}],
		[[1, 2, 3], []],
		[
			[1, 2, 3],
			[2, 3],
		],
		[
			[1, 2, 3],
			[3, 2],
		],
		[[{ a: 1, b: 2 }], [{ a: 1 }]],
		[{ a: 1 }, [1]],
		[[1], { a: 1 }],
	],
	"io.jwt.decode": [
		["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"],
		["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0"],
		["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0."],
		["..", "x"],
		["a.b.c"],
		[token({ alg: "none" }, { n: 1.5, big: 2 ** 70, s: "é", list: [null, true] }, "")],
		[token({ alg: "dir", enc: "A128GCM" }, { a: 1 }, "x")],
		[token({ alg: "none" }, [1], "x")],
		[token([1], { a: 1 }, "x")],
		[token({ alg: "none", cty: "JWT" }, token({ alg: "none" }, { inner: 1 }, "x"), "y")],
		[token({ alg: "none", cty: "JWT" }, "no token", "y")],
		[token({ alg: "none", cty: "json" }, { a: 1 }, "y")],
		[token({ alg: "none" }, { a: 1 }, "\xff\x00")],
		["eyJhIjoxfQ==.eyJhIjoxfQ==.eA=="],
		["eyJhIjoxfQ=.eyJhIjoxfQ.eA"],
		["eyJhIjoxfQ.eyJhIjoxfQ.e"],
		["eyJhIjoxfQ.eyJhIjoxfQ.e+/A"],
	],
	"time.parse_rfc3339_ns": [
		["2023-11-14T22:13:20Z"],
		["2023-11-14T22:13:20.123456789Z"],
		["2023-11-14T22:13:20.1234567891234Z"],
		["2023-11-14T22:13:20,5Z"],
		["2023-11-14T22:13:20+05:30"],
		["2023-11-14T22:13:20-05:30"],
		["2023-11-14T22:13:20+24:00"],
		["2023-11-14T22:13:20+25:00"],
		["2023-11-14T2:13:20Z"],
		["2023-11-14t22:13:20z"],
		["2023-11-14 22:13:20Z"],
		["2023-02-29T00:00:00Z"],
		["2024-02-29T00:00:00Z"],
		["2023-13-01T00:00:00Z"],
		["2023-00-01T00:00:00Z"],
		["2023-01-00T00:00:00Z"],
		["2023-01-01T24:00:00Z"],
		["2023-01-01T23:60:00Z"],
		["2023-01-01T23:59:60Z"],
		["1969-12-31T23:59:59.5Z"],
		["1677-09-21T00:12:44Z"],
		["1677-09-21T00:12:43Z"],
		["2262-04-11T23:47:16.854775807Z"],
		["2262-04-11T23:47:17Z"],
		["0050-01-01T00:00:00Z"],
		["2023-11-14T22:13:20"],
		["2023-11-14T22:13:20.Z"],
		["2023-11-14"],
		[""],
	],
	...Object.fromEntries(
		["time.date", "time.clock", "time.weekday"].map((name) => [
			name,
			[
				[0],
				[1700000000000000000],
				[-1],
				[-1000000001],
				[[1700000000000000000, "Europe/Berlin"]],
				[[1690000000000000000, "America/New_York"]],
				[[1690000000000000000, "Asia/Kathmandu"]],
				[[1690000000000000000, "US/Pacific"]],
				[[1690000000000000000, "Etc/GMT+5"]],
				[[-3000000000000000000, "UTC"]],
				[[0, ""]],
				[[0, "Nowhere/Town"]],
				[[0, "+05:00"]],
				[[0, "../etc/passwd"]],
				[[0, "europe/berlin"]],
				[1.5],
				[1e18],
				[1e19],
				[2 ** 63],
			],
		]),
	),
};

function part(value: unknown): string {
	const text = typeof value === "string" ? value : JSON.stringify(value);
	return Buffer.from(text, "utf8").toString("base64url");
}

function token(header: unknown, payload: unknown, signature: string): string {
	return `${part(header)}.${part(payload)}.${Buffer.from(signature, "latin1").toString("base64url")}`;
}

const arity = (name: string): number => CALLS[name]?.[0]?.length ?? 0;

function rego(): string {
	const rules = Object.keys(CALLS).map((name) => {
		const args = Array.from({ length: arity(name) }, (_, i) => `args[${i}]`).join(", ");
		return `call(name, args) := {"value": value} if {\n\tname == "${name}"\n\tvalue := ${name}(${args})\n}`;
	});
	return `package envoy.authz

allow := [result | some item in input.calls; result := call(item[0], item[1])]

default call(_, _) := "undefined"

${rules.join("\n\n")}
`;
}

describe("host builtins", () => {
	test("every one is called here or by its family's test, but for sprintf, which has tests of its own", () => {
		const folder = new URL("builtins/", import.meta.url);
		const families = readdirSync(folder, { recursive: true, encoding: "utf8" })
			.filter((file) => file.endsWith(".test.ts"))
			.map((file) => readFileSync(new URL(file, folder), "utf8"));
		const called = (name: string): boolean =>
			Object.hasOwn(CALLS, name) || families.some((text) => text.includes(name));
		expect(Object.keys(CALLS).filter((name) => !HOST_BUILTINS.has(name))).toEqual([]);
		expect([...HOST_BUILTINS.keys()].filter((name) => !called(name))).toEqual(["sprintf"]);
	});

	test("answer what OPA's own answer, and are undefined where OPA's are", async () => {
		const calls = Object.entries(CALLS).flatMap(([name, list]) => list.map((args) => [name, args]));
		const source = rego();
		const policy = await policyOf(source);
		const ours = policy.evaluate("envoy/authz/allow", inputOf({ calls }));
		const theirs = await opaEval(source, "data.envoy.authz.allow", { calls });
		expect(ours.kind).toBe("value");
		const got = (ours as unknown as { value: unknown[] }).value;
		const wanted = theirs as unknown[];
		expect(got).toHaveLength(wanted.length);
		expect(wanted.filter((answer) => answer === "undefined").length).toBeGreaterThan(50);
		expect(wanted.filter((answer) => answer !== "undefined").length).toBeGreaterThan(100);
		const differences = calls
			.map((call, i) => ({ call, ours: JSON.parse(JSON.stringify(got[i])), opa: wanted[i] }))
			.filter(({ ours: mine, opa }) => JSON.stringify(sorted(mine)) !== JSON.stringify(sorted(opa)));
		expect(differences).toEqual([]);
	});

	test("sets are not arrays to them", async () => {
		const source = `package envoy.authz

allow := {
	"set in set": object.subset({1, 2, 3}, {1, 3}),
	"set in array": object.subset([1, 2, 3], {3, 1}),
	"prefix": strings.any_prefix_match({"ab", "cd"}, {"c"}),
	"query": urlquery.encode_object({"a": {"2", "10", "1"}}),
	"odd key": object.subset({{1}: {"a": 1, "b": 2}}, {{1}: {"a": 1}}),
}
`;
		const ours = (await policyOf(source)).evaluate("envoy/authz/allow", inputOf({}));
		expect(ours).toMatchObject({ kind: "value" });
		const theirs = await opaEval(source, "data.envoy.authz.allow", {});
		expect(sorted((ours as { value: unknown }).value)).toEqual(sorted(theirs));
	});
});

/** Members by name, so that only values count. */
function sorted(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sorted);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.sort(([a], [b]) => (a < b ? -1 : 1))
			.map(([key, member]) => [key, sorted(member)]),
	);
}
