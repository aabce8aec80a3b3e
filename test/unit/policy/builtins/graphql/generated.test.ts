import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { goJson } from "../../../../../src/policy/builtins/go/json.ts";
import { HOST_BUILTINS } from "../../../../../src/policy/builtins/table.ts";
import { termFromJson } from "../../../../../src/policy/term/from-json.ts";
import type { Term } from "../../../../../src/policy/term/term.ts";
import { type Call, differences } from "../../../../support/builtin-oracle.ts";
import {
	JUDGED_SCHEMA,
	judgedQuery,
	queryDocument,
	tokenSoup,
} from "../../../../support/graphql-arbitrary.ts";

const call = (name: string, ...args: readonly Term[]) => HOST_BUILTINS.get(name)?.(args, undefined as never);

/** In OPA's order, so that equal trees are equal texts. */
const canonical = (tree: unknown): string | undefined => goJson(termFromJson(JSON.stringify(tree)) as Term);

test("the tree of a generated query is the one that it was generated from", () => {
	fc.assert(
		fc.property(queryDocument, ({ text, tree }) => {
			expect(goJson(call("graphql.parse_query", text) as Term)).toBe(canonical(tree));
		}),
	);
});

test("generated queries give OPA's trees", async () => {
	const documents = fc.sample(queryDocument, { numRuns: 150, seed: 4 });
	expect(await differences(documents.map(({ text }): Call => ["graphql.parse_query", [text]]))).toEqual([]);
});

test("tokens in any order give OPA's answers", async () => {
	const texts = fc.sample(tokenSoup, { numRuns: 800, seed: 5 });
	const calls = texts.flatMap((text): readonly Call[] => [
		["graphql.parse_query", [text]],
		["graphql.parse_schema", [text]],
	]);
	expect(await differences(calls)).toEqual([]);
});

test("whatever is no GraphQL is undefined or false, and never a failure", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary", maxLength: 40 }), tokenSoup, (text, soup) => {
			for (const one of [text, soup, soup + text]) {
				call("graphql.parse_query", one);
				call("graphql.parse_schema", one);
				expect(typeof call("graphql.schema_is_valid", one)).toBe("boolean");
				expect(typeof call("graphql.is_valid", one, JUDGED_SCHEMA)).toBe("boolean");
			}
		}),
	);
});

test("generated queries get OPA's verdict", async () => {
	const queries = fc.sample(judgedQuery, { numRuns: 1500, seed: 6 });
	const calls = queries.map((query): Call => ["graphql.is_valid", [query, JUDGED_SCHEMA]]);
	expect(await differences(calls)).toEqual([]);
	const valid = queries.filter((query) => call("graphql.is_valid", query, JUDGED_SCHEMA) === true).length;
	expect(valid).toBeGreaterThan(300);
	expect(valid).toBeLessThan(1200);
});

test("a tree is judged as the text that it comes from, where it can hold what the text says", () => {
	const plain = judgedQuery.filter((query) => !query.includes("..."));
	fc.assert(
		fc.property(plain, (query) => {
			const tree = call("graphql.parse_query", query) as Term;
			const schema = call("graphql.parse_schema", JUDGED_SCHEMA) as Term;
			const verdict = call("graphql.is_valid", query, JUDGED_SCHEMA);
			expect(call("graphql.is_valid", tree, schema)).toBe(verdict);
			expect(call("graphql.parse", tree, schema)).toEqual(call("graphql.parse", query, JUDGED_SCHEMA));
		}),
	);
});
