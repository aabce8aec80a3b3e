import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Kind, parse, visit } from "graphql";
import { readDirective } from "../../../src/fields/directive.ts";
import { DECISION_RULES } from "../../../src/fields/directive-rules.ts";
import { findRenaming } from "../../../src/fields/graphql/renaming.ts";
import { formatUnder } from "../../../src/fields/media.ts";
import { mask } from "../../support/mask-body.ts";

describe("a document of GraphQL", () => {
	test.each([
		"{a}",
		"{a b,c}",
		"query{a}",
		'query Q($a: [Int!]! = [1, 2], $b: T = {x: {y: "s"}} @skip(if: true)) {a(x: $a, y: {z: [$b, null, E, -1.5e3]}) {b}}',
		"mutation {a} subscription {b}",
		"{a ... F ... on T {b} ... {c} ... @include(if: $x) {d}} fragment F on T {e}",
		'{a(b: """ \\""" : x { " """) b(c: "\\u{1F600}\\"")}',
		"# c: d\n{a # e: f\r}",
		"\ufeff{on fragment query id: id __typename}",
		"{a @skip(if: $b) @include(if: true)}",
	])("%j renames nothing", (document) => {
		expect(() => parse(document)).not.toThrow();
		expect(findRenaming(document)).toBeUndefined();
	});

	test.each([
		["{id: ssn}", "an alias"],
		["{a {b {x : y}}}", "an alias"],
		["{a ...F} fragment F on T {x: y}", "an alias"],
		["{... on T {x: y}}", "an alias"],
		["{a(b: {c: d}) {e: f}}", "an alias"],
		["query A {a} query B {x: y}", "an alias"],
		['{a @rename(to: "id")}', "a directive other than @include and @skip"],
		["query @live {a}", "a directive other than @include and @skip"],
		["{... @defer {a}}", "a directive other than @include and @skip"],
		["type T {a: Int}", "a document of types, not of operations"],
	])("%j does", (document, why) => {
		expect(() => parse(document)).not.toThrow();
		expect(findRenaming(document)).toBe(why);
	});

	test.each([
		"",
		" ",
		"{",
		"{}",
		"{a",
		"{a}}",
		"{a:}",
		"{a: b: c}",
		"{a(}",
		"{a()}",
		"{a(b)}",
		"{a(b:)}",
		"a",
		"{1}",
		"{a ..}",
		"{a .. b}",
		"query Q( {a}",
		"query ($a Int) {a}",
		"fragment on on T {a}",
		"fragment F {a}",
		'{a(b: "x)}',
		'{a(b: """x\\""")}',
		"{a(b: 01)}",
		"{a ^}",
		'{a(b: "\\x")}',
	])("%j is none", (document) => {
		expect(() => parse(document)).toThrow();
		expect(findRenaming(document)).toMatch(/^no GraphQL document|^a document of types|^an alias/);
	});

	test("nested without bound is refused before the stack ends", () => {
		for (const document of [
			`${"{a".repeat(5000)}`,
			`{a(b: ${"[".repeat(5000)}`,
			`query ($a: ${"[".repeat(5000)}`,
		])
			expect(findRenaming(document)).toBe("deeper than 128 levels");
	});

	test("made of any tokens is taken only where the reference implementation finds a document without aliases", () => {
		const token = fc.constantFrom(
			"{",
			"}",
			"a",
			"b",
			":",
			"...",
			"on",
			"(",
			")",
			"$",
			"@include",
			"[",
			"]",
			"!",
			"=",
			"1",
			'"x"',
			"query",
			"fragment",
			"#x\n",
			",",
		);
		const selection = fc.letrec<{ set: string }>((tie) => ({
			set: fc
				.array(
					fc.tuple(
						fc.constantFrom("a", "b", "a: b", "a: a", "a(b: {c: d})", "... on T", "..."),
						fc.option(tie("set"), { depthSize: "small" }),
					),
					{ minLength: 1, maxLength: 3 },
				)
				.map(
					(fields) =>
						`{${fields.map(([head, set]) => (head.startsWith("...") ? `${head} ${set ?? "{a}"}` : `${head}${set ?? ""}`)).join(" ")}}`,
				),
		})).set;
		const document = fc.oneof(
			selection,
			fc.array(token, { maxLength: 14 }).map((tokens) => tokens.join(" ")),
		);
		fc.assert(
			fc.property(document, (text) => {
				let renames: boolean | undefined;
				try {
					renames = false;
					visit(parse(text), {
						enter(node) {
							if (
								node.kind === Kind.FIELD &&
								node.alias !== undefined &&
								node.alias.value !== node.name.value
							)
								renames = true;
							if (!node.kind.startsWith("Operation") && node.kind.endsWith("TypeDefinition")) renames = true;
						},
					});
				} catch {
					renames = undefined;
				}
				const found = findRenaming(text);
				if (found === undefined) expect(renames).toBe(false);
				else if (renames === false) expect(found).toMatch(/directive|document/);
			}),
			{ seed: 5, numRuns: 5000 },
		);
	});
});

describe("a directive for GraphQL", () => {
	const masked = (directive: object, body: object): unknown =>
		JSON.parse(
			mask({ directive: { shape: "graphql", ...directive }, body: JSON.stringify(body), decision: true })
				.text,
		);
	const answer = {
		data: { person: { name: "Ada", ssn: "x" } },
		errors: [
			{
				message: "row ssn=078-05-1120",
				locations: [{ line: 1, column: 2 }],
				path: ["person", "friends", 3],
				extensions: { sql: "x" },
			},
		],
		extensions: { trace: "x" },
	};

	test("judges data by its paths; of errors the place in the document stays, what they say does not", () => {
		expect(masked({ release: ["$.data.person.name"] }, answer)).toEqual({
			data: { person: { name: "Ada" } },
			errors: [{ message: "[redacted]", locations: [{ line: 1, column: 2 }] }],
		});
	});

	test.each<[string, object, object]>([
		[
			"its message",
			{ release: ["$.errors[*].message"] },
			{ message: "row ssn=078-05-1120", locations: [{ line: 1, column: 2 }] },
		],
		[
			"its path",
			{ release: ["$.errors[*].path"] },
			{ message: "[redacted]", locations: [{ line: 1, column: 2 }], path: ["person", "friends", 3] },
		],
		["all of it", { release: ["$.errors"] }, answer.errors[0] as object],
		["everything", { release: ["$"] }, answer.errors[0] as object],
		[
			"a mask of the message",
			{ release: [], mask: [{ select: "$.errors[*].message", as: "truncate", length: 3 }] },
			{ message: "row…", locations: [{ line: 1, column: 2 }] },
		],
		[
			"no message",
			{ release: [], withhold: ["$.errors[*].message"] },
			{ locations: [{ line: 1, column: 2 }] },
		],
		["no locations", { release: [], withhold: ["$..locations"] }, { message: "[redacted]" }],
	])("an error shows what is named: %s", (_name, directive, error) => {
		expect((masked(directive, answer) as { errors: unknown[] }).errors).toEqual([error]);
	});

	test("needs an allow-list, and is of JSON alone", () => {
		expect(readDirective({ shape: "graphql" }, DECISION_RULES)).toMatchObject({ ok: false, kind: "invalid" });
		expect(readDirective({ shape: "GraphQL", release: [] }, DECISION_RULES)).toMatchObject({ ok: false });
		const under = (value: object, type: string): unknown => {
			const read = readDirective(value, DECISION_RULES);
			return read.ok ? formatUnder(read.directive, type) : "bad";
		};
		const graphql = { shape: "graphql", release: [], media_types: ["application/x-ndjson"] };
		expect(under(graphql, "application/json")).toBe("json");
		expect(under(graphql, "application/graphql-response+json; charset=utf-8")).toBe("json");
		expect(under(graphql, "application/x-ndjson")).toBeUndefined();
		expect(under({ release: [] }, "application/graphql-response+json")).toBeUndefined();
	});
});
