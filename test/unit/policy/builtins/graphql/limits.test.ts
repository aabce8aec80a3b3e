import { readFile } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import {
	MAX_CACHED_SCHEMAS,
	MAX_CACHED_TEXT,
	MAX_DEPTH,
	MAX_QUERY_STEPS,
	MAX_QUERY_TOKENS,
	MAX_SCHEMA_STEPS,
	MAX_SCHEMA_TOKENS,
} from "../../../../../src/policy/builtins/graphql/limits.ts";
import { schemaSource } from "../../../../../src/policy/builtins/graphql/schema/source.ts";
import { HOST_BUILTINS } from "../../../../../src/policy/builtins/table.ts";
import type { Term } from "../../../../../src/policy/term/term.ts";
import { differences } from "../../../../support/builtin-oracle.ts";
import { inputOf, policyOf } from "../../../../support/policy.ts";

const call = (name: string, ...args: readonly string[]): Term | undefined =>
	HOST_BUILTINS.get(name)?.(args, undefined as never);

const SCHEMA = `
type Query { a: T f(v: In, l: [Int]): Int }
type Subscription { x: Int }
type T { a: T x: Int l(x: Any): T }
scalar Any
input In { n: In l: [In] }`;

const upTo = (count: number, make: (i: number) => string): string =>
	Array.from({ length: count }, (_, i) => make(i)).join(" ");

/** So many of one thing inside one another. */
const NESTED: Readonly<Record<string, (depth: number) => string>> = {
	"selection sets": (depth) => `${"{ a ".repeat(depth - 1)}{ x ${"}".repeat(depth)}`,
	"inline fragments": (depth) => `${"{ ... ".repeat(depth - 1)}{ x ${"}".repeat(depth)}`,
	lists: (depth) => `{ a(x: ${"[".repeat(depth - 1)}1${"]".repeat(depth - 1)}) }`,
	objects: (depth) => `{ a(x: ${"{n: ".repeat(depth - 1)}1${"}".repeat(depth - 1)}) }`,
	"types of variables": (depth) => `query($a: ${"[".repeat(depth)}T${"]".repeat(depth)}) { a }`,
};

test("the page on Rego names each limit as it is", async () => {
	const page = await readFile(
		new URL("../../../../../docs/reference/rego-support.md", import.meta.url),
		"utf8",
	);
	const row = (what: string, limit: number) => `| ${what} | ${limit.toLocaleString("en-US")} |`;
	for (const line of [
		row("tokens of a query, comments included", MAX_QUERY_TOKENS),
		row("tokens of a schema", MAX_SCHEMA_TOKENS),
		row("with fragments put in where they are spread", MAX_DEPTH).slice(2),
		row("and fields of one name compared two by two", MAX_QUERY_STEPS).slice(2),
		row("steps of checking a schema", MAX_SCHEMA_STEPS),
		`The ${MAX_CACHED_SCHEMAS} schemas`,
		`(${MAX_CACHED_TEXT / 2 ** 20} Mi characters`,
	]) {
		expect(page).toContain(line);
	}
});

describe("depth", () => {
	test.each(Object.entries(NESTED))("%s go as deep as they may, and not deeper", async (_what, nested) => {
		const deepest = nested(MAX_DEPTH);
		expect(
			await differences([
				["graphql.parse_query", [deepest]],
				["graphql.is_valid", [deepest, SCHEMA]],
			]),
		).toEqual([]);
		for (const depth of [MAX_DEPTH + 1, 100_000]) {
			expect(() => call("graphql.parse_query", nested(depth))).toThrow(`nested deeper than ${MAX_DEPTH}`);
			expect(() => call("graphql.is_valid", nested(depth), SCHEMA)).toThrow(
				`nested deeper than ${MAX_DEPTH}`,
			);
		}
	});

	test("the deepest tree can be an argument and a result again", async () => {
		const policy = await policyOf(`package envoy.authz

allow := [tree, graphql.is_valid(tree, "type Query { a: Int }")] if tree := graphql.parse_query(input.query)`);
		for (const nested of Object.values(NESTED)) {
			const outcome = policy.evaluate("envoy/authz/allow", inputOf({ query: nested(MAX_DEPTH) }));
			expect(outcome).toMatchObject({ kind: "value", value: [{}, false] });
		}
	});

	test("types of a schema's fields go as deep as they may, and not deeper", async () => {
		const schema = (depth: number) => `type Query { a: ${"[".repeat(depth)}Int${"]".repeat(depth)} }`;
		expect(await differences([["graphql.parse_schema", [schema(MAX_DEPTH)]]])).toEqual([]);
		expect(() => call("graphql.parse_schema", schema(MAX_DEPTH + 1))).toThrow("nested deeper");
	});

	test("fragments count where they are spread", () => {
		const chain = (length: number) =>
			`{ ...F0 } ${upTo(length, (i) => `fragment F${i} on Query { ${i + 1 < length ? `...F${i + 1}` : "__typename"} }`)}`;
		expect(call("graphql.is_valid", chain(MAX_DEPTH - 1), SCHEMA)).toBe(true);
		for (const length of [MAX_DEPTH, 3000]) {
			expect(() => call("graphql.is_valid", chain(length), SCHEMA)).toThrow("nested deeper");
		}
	});

	test("a policy that meets a query which is too deep comes to no decision, and to the next one as ever", async () => {
		const policy = await policyOf(`package envoy.authz

default allow := false

allow if not graphql.is_valid(input.query, "type Query { a: Int }")`);
		const decide = (query: string) => policy.evaluate("envoy/authz/allow", inputOf({ query }));
		expect(decide("{ b }")).toMatchObject({ kind: "value", value: true });
		expect(decide("{ a ".repeat(10_000))).toMatchObject({ kind: "failed", reason: "policy_trap" });
		expect(decide("{ a }")).toMatchObject({ kind: "value", value: false });
	});
});

describe("circles", () => {
	test.each<readonly [string, string]>([
		["of one", "{ ...F } fragment F on Query { ...F }"],
		["through fields", "{ a { ...F } } fragment F on T { a { ...F a { x } } a { a { ...F } } }"],
		["of two", "{ a { ...F } } fragment F on T { a { ...G } a { x } } fragment G on T { a { ...F } }"],
		["that nothing leads to", "{ a { x } } fragment F on T { ...G } fragment G on T { ...F }"],
		["of 2000", `{ ...F0 } ${upTo(2000, (i) => `fragment F${i} on Query { ...F${(i + 1) % 2000} }`)}`],
	])("%s: fragments that spread one another are invalid", (_what, query) => {
		expect(call("graphql.is_valid", query, SCHEMA)).toBe(false);
	});

	test("input types may hold one another in a long row, but not in a circle", () => {
		const row = (last: string) =>
			`type Query { a: Int } ${upTo(10_000, (i) => `input I${i} { next: ${i < 9_999 ? `I${i + 1}!` : last} }`)}`;
		expect(call("graphql.schema_is_valid", row("Int"))).toBe(true);
		expect(call("graphql.schema_is_valid", row("I0!"))).toBe(false);
		expect(call("graphql.schema_is_valid", row("I0"))).toBe(true);
	});
});

describe("tokens", () => {
	test("of a query are counted, comments among them", () => {
		const query = (fields: number) => `{ ${"x ".repeat(fields)}}`;
		expect(call("graphql.parse_query", query(MAX_QUERY_TOKENS - 3))).toBeDefined();
		for (const more of [query(MAX_QUERY_TOKENS - 2), `{ x } ${"#\n".repeat(MAX_QUERY_TOKENS)}`]) {
			expect(() => call("graphql.parse_query", more)).toThrow(`more than ${MAX_QUERY_TOKENS} tokens`);
		}
	});

	test("of a schema are counted", () => {
		const schema = "scalar S ".repeat(MAX_SCHEMA_TOKENS / 2);
		expect(() => call("graphql.schema_is_valid", schema)).toThrow(`more than ${MAX_SCHEMA_TOKENS} tokens`);
	});
});

describe("work", () => {
	const twice = (depth: number): string =>
		depth === 0 ? "x" : `a { ${twice(depth - 1)} } a { ${twice(depth - 1)} }`;

	test.each([
		["fields of one name", `{ a { ${"x ".repeat(5000)} } }`],
		["sets of fields of one name inside one another", `{ ${twice(11)} }`],
		[
			"fragments in each of many operations",
			`${upTo(2000, (i) => `query Q${i} { ...F }`)} fragment F on Query { ${"a { x } ".repeat(200)} }`,
		],
		[
			"top fields of many subscriptions",
			`${upTo(2000, (i) => `subscription S${i} { ...F }`)} fragment F on Subscription { ${"... { x } ".repeat(200)} }`,
		],
		[
			"fragments inside one another",
			`{ a { ${"... { x x ".repeat(126)} ${"}".repeat(126)} ${"x ".repeat(600)} } }`,
		],
		[
			"spreads in one set",
			`{ a { ${upTo(2000, (i) => `...F${i}`)} } } ${upTo(2000, (i) => `fragment F${i} on T { x }`)}`,
		],
	])("%s are not compared without end", (_what, query) => {
		expect(() => call("graphql.is_valid", query, SCHEMA)).toThrow("more work");
	});

	test("a query as large as may be is judged when it does not repeat itself", () => {
		const query = `{ a { ${upTo(10_000, (i) => `f${i}: x`)} } }`;
		expect(call("graphql.is_valid", query, SCHEMA)).toBe(true);
	});

	test("fragments that spread the next one twice are judged once", () => {
		const query = `{ __schema { types { ...F0 } } } ${upTo(
			60,
			(i) => `fragment F${i} on __Type { ofType { ${i < 59 ? `...F${i + 1} ...F${i + 1}` : "name"} } }`,
		)}`;
		expect(call("graphql.is_valid", query, SCHEMA)).toBe(true);
	});

	test("directives with many places to stand at are not looked up without end", () => {
		const locations = "FIELD | FIELD_DEFINITION".concat(" | FIELD".repeat(5000));
		const schema = (fields: number) =>
			`directive @d on ${locations} type Query { ${upTo(fields, (i) => `f${i}: Int @d`)} }`;
		expect(() => call("graphql.schema_is_valid", schema(300))).toThrow("more work");
		const query = (fields: number) => `{ ${upTo(fields, (i) => `a${i}: f0 @d`)} }`;
		expect(() => call("graphql.is_valid", query(100), schema(1))).toThrow("more work");
		expect(call("graphql.is_valid", query(10), schema(1))).toBe(true);
	});

	test("of checking a schema has an end", () => {
		const interfaces = Array.from({ length: 1000 }, (_, i) => `I${i}`);
		const schema = `${interfaces.map((name) => `interface ${name} { ${upTo(20, (i) => `f${i}: Int`)} }`).join(" ")}
		${upTo(100, (i) => `type T${i} implements ${interfaces.join(" & ")} { ${upTo(20, (k) => `f${k}: Int`)} }`)}`;
		expect(() => call("graphql.schema_is_valid", schema)).toThrow("more work");
	});
});

describe("schemas", () => {
	test("are read once as long as they are among the last that were asked for", () => {
		const first = "type Query { first: Int }";
		const source = schemaSource(first);
		expect(schemaSource(first)).toBe(source);
		expect(source.schema()).toBe(source.schema());
		expect(source.tree()).toBe(source.tree());
		for (let i = 0; i < MAX_CACHED_SCHEMAS; i++) schemaSource(`type Query { other${i}: Int }`);
		expect(schemaSource(first)).not.toBe(source);
	});

	test("that are too large are read each time", () => {
		const large = `# ${"x".repeat(MAX_CACHED_TEXT)}\ntype Query { a: Int }`;
		expect(schemaSource(large)).not.toBe(schemaSource(large));
		expect(call("graphql.is_valid", "{ a }", large)).toBe(true);
	});

	test("are not changed by what is judged by them", () => {
		const schema = "type Query { a(x: Int = 1): Int }";
		const queries = ["{ a }", "query($v: Int) { a(x: $v) }", "{ a(x: 1.5) }", "{ __schema { description } }"];
		const verdicts = () => queries.map((query) => call("graphql.is_valid", query, schema));
		const before = [verdicts(), call("graphql.parse_schema", schema)];
		expect([verdicts(), call("graphql.parse_schema", schema)]).toEqual(before);
		expect(before[0]).toEqual([true, true, false, true]);
	});
});
