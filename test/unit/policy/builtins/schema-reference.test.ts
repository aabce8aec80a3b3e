import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Call, differences } from "../../../support/builtin-oracle.ts";
import { callsFor, givenUp, schemaDifferences } from "../../../support/schema-answers.ts";

/** Ids that OPA crashes over, and we give up: no URL where they stand. Nothing else may be given up. */
function answered(calls: readonly Call[]): readonly Call[] {
	const given = calls.filter((call) => givenUp(call) === undefined);
	const up = new Set(calls.map(givenUp).filter((why) => why !== undefined));
	expect([...up].filter((why) => why !== "JSON Schema: an id that is no URL where it stands")).toEqual([]);
	return given;
}

const string = { type: "string" };

/** References, right and wrong, beside documents that they can lead into. */
const REFERENCES = [
	"#/definitions/a",
	"#/definitions/%61",
	"#/definitions/x%20y",
	"#/definitions/x y",
	"#/definitions/a~1b",
	"#/definitions/m~0n",
	"#/definitions/a/b",
	"#/definitions/%25",
	"#/definitions/%",
	"#/definitions/é",
	"#/definitions/%C3%A9",
	"#/definitions",
	"#/definitions/none",
	"#/definitions/list",
	"#/definitions/list/0",
	"#/definitions/list/1",
	"#/definitions/list/+1",
	"#/definitions/list/01",
	"#/definitions/list/-0",
	"#/definitions/list/-1",
	"#/definitions/list/2",
	"#/definitions/list/x",
	"#/definitions/list/99999999999999999999",
	"#/definitions/list/00000000000000000000000001",
	"#/definitions/list/",
	"#/definitions/flag",
	"#/definitions/flag/x",
	"#/definitions/number",
	"#/definitions/text/x",
	"#/definitions/null/x",
	"#/definitions/chain",
	"#/definitions/named",
	"#named",
	"#nothing",
	"named.json",
	"/named.json",
	"./named.json",
	"../named.json",
	"named.json#",
	"named.json#/type",
	"named.json#/definitions/inner",
	"other/../named.json",
	"?named",
	"http://x.example/named.json",
	"http://x.example/root.json#/definitions/a",
	"http://x.example:80/root.json",
	"HTTP://x.example/root.json#/definitions/a",
	"http://user:p%40@x.example/",
	"https://y.example/s#/a",
	"urn:x:y",
	"urn:x:y#/a",
	"//x.example/named.json",
	":",
	"1:2",
	"a:b",
	"a b",
	"http://[::1",
	"http://[zz]/",
	"http://[1.2.3.4]/",
	"http://[1:2]/",
	"http://[::1%25]/",
	"http://[1:2:3:4:5:6:7:8:9]/",
	"http://[::1::]/",
	"http://[::12345]/",
	"http://[::1.2.3]/",
	"http://[::1.2.3.256]/",
	"http://[::1.02.3.4]/",
	"http://[1::1.2.3.4.5]/",
	"http://[1:]/",
	"http://[1:2.3.4.5]/",
	"http://[1:2:3:4:5:6:7::8]/",
	"http://[1:2:3:4:5:6:7:1.2.3.4]/",
	"http://[:1]/",
	"http://[%25a]/",
	"http://[a%zz]/",
	"http://[::1]x/",
	"http://a[::1]/",
	"http://a:b/",
	"http://a:1:2/",
	"http://a%41/",
	"http://a\u0001/",
	"http://a{/",
	"http://a%é/",
	"http://é@a/",
	"/%zz",
	"\u007f",
	"/.//[",
	"*",
	"http://json-schema.org/draft-04/schema",
	"http://json-schema.org/draft-04/schema#",
	"http://json-schema.org/draft-06/schema#/definitions/nonNegativeInteger",
	"http://json-schema.org/draft-07/schema#/properties/title",
	"http://json-schema.org/draft-07/schema#/default",
	"http://json-schema.org/draft-07/schema#/none",
	"http://json-schema.org/draft-07/schema#/$id",
	"https://json-schema.org/draft-07/schema#",
	"http://json-schema.org/draft-03/schema#",
];

const DEFINITIONS = {
	a: string,
	"x y": { type: "null" },
	"a/b": { type: "array" },
	"m~n": { type: "boolean" },
	"%": { type: "object" },
	é: { enum: [1] },
	flag: false,
	chain: { $ref: "#/definitions/a" },
	named: { $id: "#named", minLength: 3 },
	file: {
		$id: "named.json",
		type: "object",
		definitions: { inner: { $ref: "#/properties/p" } },
		properties: { p: string },
	},
};

/** Parts that are no schemas, where a reference may lead all the same. */
const ODD = { list: [string, true], number: 5, text: "x", null: null, flag: true };

const withReference = ($ref: string, root: object): object => ({
	...root,
	definitions: DEFINITIONS,
	properties: { r: { $ref } },
});

describe("references in JSON Schema", () => {
	test("lead where OPA's lead, and fail where they do", async () => {
		const roots = [
			{},
			{ $id: "http://x.example/root.json" },
			{ $id: "root.json" },
			{ $id: "urn:x:y" },
			{ $id: "http://json-schema.org/draft-07/schema#" },
			{ $schema: "http://json-schema.org/draft-04/schema#", id: "http://x.example/root.json" },
			{ $schema: "http://json-schema.org/draft-07/schema#", $id: "http://x.example/root.json" },
		];
		const documents = [{ r: "ab" }];
		const schemas = REFERENCES.flatMap((reference) => roots.map((root) => withReference(reference, root)));
		expect(await schemaDifferences(answered(callsFor([[schemas, documents]])))).toEqual([]);
	});

	test("may lead to parts that are no schemas", async () => {
		const schemas = REFERENCES.map((reference) => ({
			examples: ODD,
			properties: { r: { $ref: reference.replace("/definitions/", "/examples/") } },
		}));
		expect(await schemaDifferences(answered(callsFor([[schemas, [{ r: 1 }, { r: "a" }]]])))).toEqual([]);
	});

	test("are written in ids and drafts too, with the same mistakes", async () => {
		const schemas = REFERENCES.filter((reference) => reference !== "/.//[").flatMap((reference) => [
			{ $schema: reference },
			{ $id: reference },
			{ id: reference },
			{ properties: { a: { $id: reference } } },
			{
				$id: "http://x.example/a/b",
				properties: { a: { $id: reference, properties: { b: { $ref: "c#d" } } } },
			},
			{ $id: "x:/a", properties: { a: { $id: reference, properties: { b: { $ref: "./c?d" } } } } },
			{ $id: "x:y?z", properties: { a: { $id: reference, properties: { b: { $ref: "" } } } } },
		]);
		expect(await differences(answered(callsFor([[schemas, []]])))).toEqual([]);
	});

	test("are resolved where the ids around them say", async () => {
		const inner = {
			$id: "inner.json",
			definitions: { d: string },
			properties: { q: { $ref: "#/definitions/d" } },
		};
		const schemas = [
			{ $id: "http://x.example/root.json", definitions: { d: { type: "null" } }, properties: { p: inner } },
			{ id: "http://x.example/root.json", definitions: { d: { type: "null" } }, properties: { p: inner } },
			{ id: "x", $id: "http://x.example/root.json", properties: { p: { $ref: "/x" }, q: inner } },
			{ id: 1, properties: { p: inner } },
			{ $id: 1, id: "x", properties: { p: inner } },
			{
				$schema: "http://json-schema.org/draft-07/schema#",
				id: 1,
				$id: "http://x.example/",
				properties: { p: inner },
			},
			{
				$schema: "http://json-schema.org/draft-04/schema#",
				id: "http://x.example/",
				$id: 1,
				properties: { p: inner },
			},
			{
				definitions: { a: { $id: "#a", type: "null" }, b: { $ref: "#a" } },
				properties: { p: { $ref: "#/definitions/b" } },
			},
			{ definitions: { a: { $id: "same" }, b: { $id: "same" } } },
			{ definitions: { a: { $id: "a#x" }, b: { $id: "a#y" }, c: { $id: "a#x" } } },
			{ $id: "same", definitions: { a: { $id: "same" } } },
			{ definitions: { a: { $id: "#" } } },
			{ const: { $id: "same" }, enum: [{ $id: "same" }], properties: { p: { $id: "same" } } },
			{ examples: [{ $id: "same" }, { $id: "same" }] },
			{ default: { $ref: "x y:z" }, properties: { $ref: string, $id: { $id: "p" } } },
			{ properties: { p: { const: { $ref: "#/none" } }, q: { enum: [{ $ref: "#/none" }] } } },
			{
				const: { $ref: "#/definitions/a" },
				definitions: { a: string },
				properties: { p: { $ref: "#/const" } },
			},
			{ definitions: { $ref: "#/definitions/a", a: string } },
			{
				definitions: { a: string },
				items: { $ref: "#/definitions/a", type: "null" },
				allOf: [{ type: "array" }],
			},
			{ definitions: { a: string }, allOf: [{ $ref: "#/definitions/a", type: "bad" }] },
			{
				definitions: { a: string },
				allOf: [{ $ref: "#/definitions/a" }, { $ref: "#/definitions/a", type: "bad" }],
			},
			{ $ref: "#/definitions/a", definitions: { a: string }, type: "bad" },
			{ $ref: "#/definitions/a", definitions: { a: { type: "bad" } } },
			{ properties: { n: { $ref: "#" } }, required: ["v"], additionalProperties: { type: "integer" } },
			{ items: { $ref: "#" }, type: ["array", "integer"] },
			{
				definitions: { a: { items: { $ref: "#/definitions/b" } }, b: { items: { $ref: "#/definitions/a" } } },
				$ref: "#/definitions/a",
			},
			{
				properties: {
					p: { $ref: "http://json-schema.org/draft-07/schema#" },
					q: { $ref: "http://json-schema.org/draft-04/schema#" },
				},
			},
			{
				$schema: "http://json-schema.org/draft-04/schema#",
				properties: { p: { $ref: "http://json-schema.org/draft-07/schema#" } },
			},
		];
		const documents = [
			1,
			{ p: { q: 1 } },
			{ p: { q: "x" }, n: { v: 1, n: { w: "x" } } },
			{ p: 1, q: 1 },
			{ p: { $ref: "#/none" }, q: { $ref: "#/none" } },
			[1, [2, ["x"]]],
			{ p: { type: "x" }, q: { exclusiveMinimum: 1 } },
		];
		expect(
			await schemaDifferences(
				callsFor([
					[schemas, documents.map((one) => JSON.stringify([one]))],
					[schemas, documents],
				]),
			),
		).toEqual([]);
	});

	test("hold schemas to the schemas of the drafts", async () => {
		const schemas = [4, 6, 7].map((draft) => ({ $ref: `http://json-schema.org/draft-0${draft}/schema#` }));
		const parts: readonly unknown[] = [
			true,
			"x",
			"(",
			0,
			-1,
			1.5,
			[],
			["a", "a"],
			[{}],
			{},
			{ a: 1 },
			{ a: [] },
			{ a: { type: 1 } },
			null,
		];
		const keys = [
			"$id",
			"id",
			"$schema",
			"$ref",
			"$comment",
			"title",
			"default",
			"examples",
			"multipleOf",
			"maximum",
			"exclusiveMaximum",
			"exclusiveMinimum",
			"maxLength",
			"minLength",
			"pattern",
			"additionalItems",
			"items",
			"minItems",
			"uniqueItems",
			"contains",
			"maxProperties",
			"required",
			"additionalProperties",
			"definitions",
			"properties",
			"patternProperties",
			"dependencies",
			"propertyNames",
			"const",
			"enum",
			"type",
			"format",
			"readOnly",
			"contentMediaType",
			"if",
			"then",
			"else",
			"allOf",
			"not",
		];
		const documents = [...keys.flatMap((key) => parts.map((value) => ({ [key]: value }))), [], 1, "x"].map(
			(one) => JSON.stringify(one),
		);
		expect(await schemaDifferences(answered(callsFor([[schemas, documents]])))).toEqual([]);
	});

	test("are resolved against random bases as Go does", async () => {
		const piece = fc.constantFrom(
			"a",
			"b",
			"/",
			"//",
			".",
			"..",
			"./",
			"../",
			":",
			"?",
			"#",
			"%2f",
			"%",
			"é",
			" ",
			"[",
			"@",
			"x:",
			"http://h",
			"~",
			"*",
			";",
		);
		const text = fc.array(piece, { maxLength: 7 }).map((parts) => parts.join(""));
		const pairs = fc.sample(fc.tuple(text, text), { numRuns: 1200, seed: 22 });
		const calls = pairs.map(
			([base, reference]): Call => [
				"json.verify_schema",
				[{ $id: base, properties: { a: { $ref: reference } } }],
			],
		);
		expect(await differences(answered(calls))).toEqual([]);
	});
});
