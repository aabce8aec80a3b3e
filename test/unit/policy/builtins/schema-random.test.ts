import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { answers, type Call } from "../../../support/builtin-oracle.ts";
import { givenUp, schemaDifferences } from "../../../support/schema-answers.ts";
import { documents, jsonText, schemas } from "../../../support/schema-arbitrary.ts";

/** Schemas that go around in circles crash OPA. */
const ENDLESS = /reference to itself|nested too deep|too much to do/;

/** Calls on random schemas, each with some documents; `members` bounds those of an object. */
function calls(members: number, runs: number, seed: number): readonly Call[] {
	const pairs = fc.sample(
		fc.tuple(schemas(members), fc.array(documents(members), { minLength: 4, maxLength: 4 })),
		{
			numRuns: runs,
			seed,
		},
	);
	return pairs.flatMap(([schema, list]): readonly Call[] => {
		const text = jsonText(schema);
		return [
			["json.verify_schema", [text]],
			...list.map((document): Call => ["json.match_schema", [jsonText([document]), `{"items":${text}}`]]),
			...list.map((document): Call => ["json.match_schema", [jsonText({ a: document }), text]]),
		];
	});
}

const answered = (all: readonly Call[]): readonly Call[] => {
	const up = all.map(givenUp);
	expect(up.filter((why) => why !== undefined && !ENDLESS.test(why))).toEqual([]);
	return all.filter((_call, i) => up[i] === undefined);
};

describe("random schemas over random documents", () => {
	test("are answered as OPA does, failure by failure in its order", async () => {
		const given = await answers(answered(calls(1, 300, 31)));
		expect(given.filter(({ ours, opa }) => ours !== opa)).toEqual([]);
		expect(given.filter(({ opa }) => opa.startsWith("[[false")).length).toBeGreaterThan(200);
		expect(given.filter(({ opa }) => opa.startsWith("[[true")).length).toBeGreaterThan(200);
		expect(given.filter(({ opa }) => opa === "undefined").length).toBeGreaterThan(50);
	});

	test("are answered as OPA does, where that has no order", async () => {
		const found = await schemaDifferences(answered(calls(4, 300, 32)));
		// Of several mistakes in definitions OPA reports any.
		const refused = (answer: string): boolean => answer.startsWith('[[false, "jsonschema: ');
		expect(found.filter(({ ours, opa }) => !refused(ours) || !refused(opa))).toEqual([]);
	});
});
