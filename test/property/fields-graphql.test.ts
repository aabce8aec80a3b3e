import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { buildSchema, executeSync, parse } from "graphql";
import { findRenaming } from "../../src/fields/graphql/renaming.ts";
import { PLAIN_PLAN } from "../../src/fields/plan.ts";
import { expectSame } from "../support/expect-same.ts";
import { chunkSizes, directive } from "../support/mask-arbitrary.ts";
import { mask } from "../support/mask-body.ts";
import { textDifference } from "../support/mask-compare.ts";
import { applyDirective, judgeOf, type PlainDirective } from "../support/mask-oracle.ts";
import { times } from "../support/test-size.ts";

const SEED = 20_260_806;
/** Answers, directives and chunkings of the comparison with the oracle. */
const TRIPLES = { seed: SEED, numRuns: times(10_000, 100_000) };
/** A document takes 3 ms, for it is run by GraphQL's own implementation: these are a fiftieth of the whole. */
const DOCUMENTS = { seed: SEED, numRuns: times(2000, 100_000) };
const SECRET = "SECRET-MARKER";

const SCHEMA = buildSchema(`
	interface Node { id: ID! }
	type Person implements Node { id: ID! name: String ssn: String friends(first: Int): [Person!] pet: Pet broken: String }
	type Pet implements Node { id: ID! name: String chip: String owner: Person }
	type Query { person: Person node: Node people: [Person!] }
`);
const ada: Record<string, unknown> = { __typename: "Person", id: "7", name: "Ada", ssn: SECRET };
const rex = { __typename: "Pet", id: "8", name: "Rex", chip: SECRET, owner: ada };
Object.assign(ada, {
	friends: [{ __typename: "Person", id: "9", name: "Bea", ssn: SECRET }],
	pet: rex,
	broken: () => {
		throw new Error(`no row for ${SECRET}`);
	},
});
const ROOT = { person: ada, node: rex, people: [ada] };

/** Selections of a type, some of them renamed. */
const { person } = fc.letrec<{ person: string; pet: string; node: string }>((tie) => {
	const set = (fields: fc.Arbitrary<string>) =>
		fc.array(fields, { minLength: 1, maxLength: 4 }).map((given) => `{${given.join(" ")}}`);
	const leaf = (...names: string[]) =>
		fc.oneof(
			{ weight: 8, arbitrary: fc.constantFrom(...names) },
			{ weight: 1, arbitrary: fc.constantFrom(...names).map((name) => `id: ${name}`) },
		);
	const inner = (name: string, type: "person" | "pet" | "node") =>
		tie(type).map((given) => `${name}${given}`);
	return {
		person: set(
			fc.oneof(
				{ maxDepth: 3 },
				leaf("id", "name", "ssn", "broken", "__typename"),
				inner("friends(first: 2)", "person"),
				inner("pet @include(if: true)", "pet"),
				inner("... on Person", "person"),
			),
		),
		pet: set(fc.oneof({ maxDepth: 3 }, leaf("id", "name", "chip"), inner("owner", "person"))),
		node: set(fc.oneof({ maxDepth: 2 }, leaf("id", "__typename"), inner("... on Pet", "pet"))),
	};
});
const document = fc
	.array(
		fc.oneof(
			person.map((set) => `person${set}`),
			person.map((set) => `people${set}`),
		),
		{ minLength: 1, maxLength: 2 },
	)
	.map((fields) => `query Q {${fields.join(" ")}}`);

/** The directive that a policy would write, and what the shape adds to it. */
const OWN: PlainDirective = {
	release: ["$.data..id", "$.data..name", "$.data..__typename"],
	withhold: ["$..ssn", "$..chip"],
};

/** What `shape: "graphql"` says of errors, in words of a plain directive. */
function completed(rules: PlainDirective & { readonly release: readonly string[] }): PlainDirective {
	const judge = judgeOf(rules);
	const { release: _, ...hiding } = rules;
	// An index that no selector names stands for all others.
	const path = ["errors", 9, "message"];
	const open = judge("string", path) === "withheld" && judgeOf(hiding)("string", path) === "released";
	return {
		...rules,
		release: [...rules.release, "$.errors[*].locations"],
		mask: [...(rules.mask ?? []), ...(open ? [{ select: "$.errors[*].message", as: "redact" }] : [])],
	};
}

describe("an answer of GraphQL", () => {
	test("holds nothing that was withheld, whatever document was let through", () => {
		let passed = 0;
		fc.assert(
			fc.property(document, chunkSizes, (source, chunks) => {
				const why = findRenaming(source);
				expectSame(why, /: (?:name|ssn|broken|chip|__typename)/.test(source) ? "an alias" : undefined);
				if (why !== undefined) return;
				// What it answers without a look at whether the document is valid, which takes longest.
				const answer = executeSync({ schema: SCHEMA, document: parse(source), rootValue: ROOT });
				const body = JSON.stringify(answer);
				passed++;
				const masked = mask({ directive: { ...OWN, shape: "graphql" }, body, chunks, decision: true });
				expectSame(masked.refusal, undefined);
				expectSame(masked.text.includes(SECRET), false);
			}),
			DOCUMENTS,
		);
		expect(passed).toBeGreaterThan(DOCUMENTS.numRuns / 5);
	});

	test("is what parsing it and applying the directive gives, errors and all", () => {
		const text = fc.constantFrom('"text"', '"ada@mail.example"', "null", "7", '{"ssn":1}', '["a"]');
		const error = fc
			.array(fc.tuple(fc.constantFrom("message", "locations", "path", "extensions", "a"), text), {
				maxLength: 4,
			})
			.map((members) => `{${members.map(([key, value]) => `"${key}":${value}`).join(",")}}`);
		const answer = fc
			.tuple(fc.array(error, { maxLength: 3 }), text, text)
			.map(
				([errors, data, extensions]) =>
					`{"errors":[${errors.join(",")}],"data":${data},"extensions":${extensions}}`,
			);
		const names = fc.constantFrom(
			"$.errors",
			"$.errors[*].message",
			"$.errors[*].path",
			"$.errors[*].extensions",
			"$.data",
			"$.extensions",
			"$..message",
			"$.errors[0]",
		);
		const rules = fc
			.tuple(directive, fc.array(names, { maxLength: 3 }))
			.map(([given, more]) => ({ ...given, release: [...(given.release ?? []), ...more] }));
		fc.assert(
			fc.property(answer, rules, chunkSizes, (body, given, chunks) => {
				const expected = applyDirective(completed(given), body, "ada");
				const masked = mask({
					directive: { ...given, shape: "graphql" },
					body,
					chunks,
					consumer: "ada",
					decision: true,
					options: PLAIN_PLAN,
				});
				expectSame(masked.refusal, undefined);
				expectSame(textDifference(masked.text, expected), undefined);
			}),
			TRIPLES,
		);
	});
});
