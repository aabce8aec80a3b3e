import { describe, expect, test } from "@jest/globals";
import { differences } from "../../../support/builtin-oracle.ts";
import { callsFor, schemaDifferences } from "../../../support/schema-answers.ts";

const SCALARS = [
	"null",
	"true",
	"false",
	'""',
	'"a"',
	'"é\u{1f600}"',
	"0",
	"-0",
	"1",
	"1.0",
	"1.5",
	"-3",
	"1e2",
	"1e-2",
	"9007199254740993",
	"1e300",
	"[]",
	"{}",
	"[1]",
	'{"a":1}',
];

const TYPES = ["array", "boolean", "integer", "number", "null", "object", "string"];

/** The same in every draft, so that each is asked. */
const DRAFTS = [
	undefined,
	"http://json-schema.org/draft-04/schema#",
	"http://json-schema.org/draft-06/schema#",
	"http://json-schema.org/draft-07/schema",
	"http://json-schema.org/draft-03/schema#",
	"https://json-schema.org/draft-07/schema#",
	"https://json-schema.org/draft/2020-12/schema",
	"",
];

const inDrafts = (schemas: readonly object[]): readonly unknown[] =>
	schemas.flatMap((schema) =>
		DRAFTS.slice(0, 4).map((draft) => (draft === undefined ? schema : { $schema: draft, ...schema })),
	);

/** What some keyword does not take, whatever it is. */
const WRONG = [
	null,
	true,
	false,
	0,
	1,
	-1,
	1.5,
	"a",
	"",
	"(",
	[],
	[1],
	["a"],
	["a", "a"],
	[{}],
	[true],
	[null],
	[[]],
	{},
	{ a: 1 },
	{ a: {} },
	{ a: true },
	{ a: [] },
	{ a: ["b"] },
	{ a: [1] },
	{ a: null },
	{ "(": {} },
	{ type: "x" },
	{ type: "string" },
	{ items: 5 },
];

const KEYWORDS = [
	"$schema",
	"$id",
	"id",
	"$ref",
	"title",
	"description",
	"type",
	"properties",
	"additionalProperties",
	"patternProperties",
	"propertyNames",
	"dependencies",
	"items",
	"additionalItems",
	"multipleOf",
	"minimum",
	"maximum",
	"exclusiveMinimum",
	"exclusiveMaximum",
	"minLength",
	"maxLength",
	"pattern",
	"format",
	"minProperties",
	"maxProperties",
	"required",
	"minItems",
	"maxItems",
	"uniqueItems",
	"contains",
	"const",
	"enum",
	"oneOf",
	"anyOf",
	"allOf",
	"not",
	"if",
	"then",
	"else",
	"definitions",
	"$defs",
	"default",
	"examples",
	"unheard",
];

/** `if`, `then` and `else`, as far as they are given. */
const when = (condition: unknown, consequence?: unknown, alternative?: unknown): object =>
	Object.fromEntries(
		Object.entries({ if: condition, else: alternative })
			.concat([["then", consequence]])
			.filter(([, schema]) => schema !== undefined),
	);

describe("json.match_schema and json.verify_schema", () => {
	test("take texts, objects and arrays, and nothing else", async () => {
		const arguments_ = [
			null,
			true,
			1,
			"",
			" ",
			"{",
			"{}",
			" {} ",
			"{} {}",
			"[]",
			"null",
			"true",
			"false",
			"1",
			'"a"',
			"01",
			"{'a':1}",
			'{"a":1,}',
			'{"type":"string","type":"object"}',
			'{"type":"\\u006fbject"}',
			'"\\ud800"',
			"\ufeff{}",
			{},
			{ type: "object" },
			{ type: "array" },
			[],
			[1],
			[{}],
			{ $set: [1] },
			{ a: { $set: ["b", "a"] } },
		];
		expect(await differences(callsFor([[arguments_, arguments_]]))).toEqual([]);
	});

	test("find each keyword's mistakes, in every draft", async () => {
		const plain = KEYWORDS.flatMap((key) => WRONG.map((value) => ({ [key]: value })));
		const others = DRAFTS.slice(1, 4).flatMap((draft) =>
			plain.map((schema) => ({ $schema: draft, ...schema })),
		);
		// A document held to a reference to itself would crash OPA.
		const harmless = plain.filter((schema) => schema["$ref"] !== "");
		const groups = [
			[[{ $ref: "" }, ...others], []],
			[harmless, [{ a: 1 }]],
		] as const;
		expect(await schemaDifferences(callsFor(groups))).toEqual([]);
	});

	test("find the first mistake of two", async () => {
		const wrong: Readonly<Record<string, unknown>> = {
			title: 1,
			description: 1,
			type: "x",
			properties: 1,
			additionalProperties: 1,
			patternProperties: 1,
			propertyNames: 1,
			dependencies: 1,
			items: 1,
			additionalItems: 1,
			multipleOf: 0,
			minimum: "a",
			exclusiveMinimum: "a",
			maximum: "a",
			exclusiveMaximum: "a",
			minLength: -1,
			maxLength: -1,
			pattern: "(",
			format: 1,
			minProperties: -1,
			maxProperties: -1,
			required: 1,
			minItems: -1,
			maxItems: -1,
			uniqueItems: 1,
			contains: 1,
			enum: 1,
			oneOf: 1,
			anyOf: 1,
			allOf: 1,
			not: 1,
			if: 1,
			...when(undefined, 1),
			else: 1,
			definitions: 1,
			$id: 1,
			$ref: 1,
		};
		const keys = Object.keys(wrong);
		const schemas = keys.flatMap((a, i) => keys.slice(i + 1).map((b) => ({ [a]: wrong[a], [b]: wrong[b] })));
		expect(await differences(callsFor([[schemas, []]]))).toEqual([]);
	});

	test("know the drafts by their names", async () => {
		const schemas = DRAFTS.flatMap((draft) =>
			[{ propertyNames: { maxLength: 1 } }, when(true, false), { minimum: 1, exclusiveMinimum: true }].map(
				(schema) => (draft === undefined ? schema : { $schema: draft, ...schema }),
			),
		);
		expect(await schemaDifferences(callsFor([[schemas, [{ aa: 1 }, [1]]]]))).toEqual([]);
	});

	test("tell types", async () => {
		const schemas = [...TYPES, ...TYPES.map((type) => [type, "null"]), TYPES, [], ["integer", "number"]].map(
			(type) => ({ type, items: { type }, properties: { a: { type } } }),
		);
		const documents = [...SCALARS, ...SCALARS.map((text) => `[${text}]`)];
		expect(await schemaDifferences(callsFor([[schemas, documents]]))).toEqual([]);
	});

	test("compare numbers by their exact values", async () => {
		const bounds = [
			"0",
			"1",
			"-1",
			"1.5",
			"0.1",
			"0.3",
			"3",
			"1e2",
			"100",
			"1e-2",
			"0.01",
			"123456",
			"1234567",
			"1e21",
			"9007199254740993",
			"9007199254740993.5",
			"123456789012345678901234567890.5",
			"1e-400",
			"5e-401",
			"12e400",
			"7.5e-3",
			"3.3333333333333333333333333333333333",
			"0.00001",
			"0.0001",
			"1e1000",
			"1e999999",
			"1e1000001",
			"0e1000001",
			"0e99999999999999999999",
			"1e99999999999999999999",
			"-1e-1000001",
		];
		const keys = ["multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
		const schemas = bounds
			.filter((bound) => !/e1000$|e999999/.test(bound))
			.flatMap((bound) => keys.map((key) => `{"items":{"${key}":${bound}}}`));
		const wide = bounds.flatMap((bound) => keys.map((key) => `{"items":{"${key}":${bound}}}`));
		const numbers = bounds.filter((bound) => !/e-?\d{7}/.test(bound) && !bound.includes("e999999"));
		const more = [
			"0.2",
			"0.30000000000000004",
			"9007199254740992",
			"-5e-401",
			"1e-401",
			"36e401",
			"-0",
			"0.0",
		];
		expect(
			await differences([
				...callsFor([
					[schemas, [...numbers, ...more].map((number) => `[${number}]`)],
					[wide, []],
				]),
			]),
		).toEqual([]);
	});

	test("hold counts to integers of 64 bits", async () => {
		const counts = [
			"0",
			"1",
			"2",
			"2.0",
			"2e0",
			"-0",
			"-1",
			"9223372036854775807",
			"9223372036854775808",
			"18446744073709551616",
			"1e400",
			'"1"',
		];
		const keys = ["Length", "Items", "Properties"];
		const schemas = keys.flatMap((key) =>
			counts.flatMap((count) => [
				`{"min${key}":${count}}`,
				`{"max${key}":${count}}`,
				...counts.map((other) => `{"min${key}":${count},"max${key}":${other}}`),
				`{"items":{"min${key}":${count}}}`,
				`{"items":{"max${key}":${count}}}`,
			]),
		);
		const documents = ["[]", "[1,2]", "{}", '{"a":1,"b":2}', '["","ab","\\ud83d\\ude00","abc"]'];
		expect(await differences(callsFor([[schemas, documents]]))).toEqual([]);
	});

	test("compare values as doubles, −0 apart from 0", async () => {
		const values = [
			...SCALARS,
			"9007199254740992",
			"1e21",
			"1e20",
			"0.000001",
			"0.0000001",
			"123456789.125e-3",
			'"<&>\\u2028\\u007f\\n\\b\\u0001"',
			'{"b":1,"a":[1.0,{"\u{1f600}":1,"\uff5e":2}]}',
			'{"a":[1,{"\uff5e":2,"\u{1f600}":1}],"b":1.0}',
		];
		const schemas = [
			...values.map((value) => `{"const":${value}}`),
			...values.map((value) => `{"enum":[${value}]}`),
			...values.map((value) => `{"items":{"const":${value}}}`),
			'{"items":{"enum":[1,1.5,"a",null]}}',
			'{"enum":[]}',
			'{"enum":[1,1.0]}',
			'{"enum":[0,-0]}',
			'{"enum":[1e400]}',
			'{"const":[{"b":1e400,"a":-1e500}]}',
			'{"uniqueItems":true}',
		];
		const documents = [
			...values,
			...values.map((value) => `[${value}]`),
			...values.map((value) => `[${value},2,${value},${value}]`),
			"[0,-0,1,1.0,1e0]",
			'[{"a":1,"b":2},{"b":2,"a":1.0}]',
		];
		expect(await differences(callsFor([[schemas, documents]]))).toEqual([]);
	});

	test("say what is wrong with arrays, in OPA's order", async () => {
		const string = { type: "string" };
		const schemas = inDrafts([
			{ items: string },
			{ items: [], additionalItems: false },
			{ items: [string] },
			{ items: [string, { minimum: 2 }], additionalItems: false },
			{ items: [string], additionalItems: true },
			{ items: [string], additionalItems: { type: "integer", maximum: 1 } },
			{ additionalItems: false },
			{ items: [true, false] },
			{ items: false },
			{ items: true },
			{ contains: string },
			{ contains: { type: "integer", minimum: 5, multipleOf: 2 } },
			{ contains: false },
			{ contains: {} },
			{ minItems: 2, maxItems: 1, uniqueItems: true, contains: string, items: { type: "null" }, enum: [1] },
			{ minItems: 3, items: [{ items: { items: { const: 1 } } }] },
		]);
		const documents = [
			[],
			["a"],
			[1],
			[1, 1],
			["a", 1, 2],
			["a", "b", "c"],
			[4, 6, 9],
			[5, 7],
			[null, null, [[1, 2]]],
			[[[2], [1]], 1],
		];
		expect(await differences(callsFor([[schemas, documents]]))).toEqual([]);
	});

	test("say what is wrong with objects", async () => {
		const string = { type: "string" };
		const schemas = inDrafts([
			{ properties: { a: string, b: { minimum: 2 } } },
			{ properties: { a: string }, additionalProperties: false },
			{ properties: { a: string }, additionalProperties: string },
			{ additionalProperties: false },
			{ additionalProperties: true },
			{ additionalProperties: { additionalProperties: string } },
			{ patternProperties: { "^a": string } },
			{ patternProperties: { "^a": string, b$: { minimum: 2 }, "": { not: { const: 3 } } } },
			{ patternProperties: { "^a": string }, additionalProperties: false },
			{ properties: { ab: {} }, patternProperties: { "^a": string }, additionalProperties: { type: "null" } },
			{ patternProperties: {} },
			{ propertyNames: { maxLength: 1 } },
			{ propertyNames: { pattern: "^a", enum: ["a", "ab"] } },
			{ propertyNames: false },
			{ required: ["a", "b", "c.d", ""] },
			{ required: [] },
			{ minProperties: 2, maxProperties: 2 },
			{ dependencies: { a: ["b", "c"], b: { required: ["c"] }, c: false, d: [] } },
			{ dependencies: { a: { properties: { b: string } } } },
			{ properties: { "": { properties: { "a.b": { const: 1 } } } } },
			{ properties: { "(Root)": { const: 1 } } },
			{ properties: { a: { properties: { a: { properties: { a: { const: 1 } } } } } } },
			{
				properties: {
					id: { const: 1 },
					$ref: { const: 2 },
					$id: string,
					const: { $ref: "#/properties/$ref" },
				},
			},
			{ properties: { ["__proto__"]: string, constructor: string } },
		]);
		const documents = [
			{},
			{ a: 1 },
			{ a: "x", b: 1 },
			{ a: 1, b: 1, c: 1 },
			{ ab: 3, abc: null },
			{ b: 3, d: 4 },
			{ "": { "a.b": 2 }, "(Root)": 2 },
			{ a: { a: { a: 2 }, b: 2 } },
			{ id: 2, $ref: 1, $id: 5, const: 3 },
			'{"__proto__":1,"constructor":2}',
			'{"a":{"__proto__":1}}',
		];
		expect(await schemaDifferences(callsFor([[schemas, documents]]))).toEqual([]);
	});

	test("choose whose failures to show where none of several schemas matched", async () => {
		const a = { properties: { kind: { const: "a" }, x: { type: "integer" } }, required: ["kind", "x"] };
		const b = {
			properties: { kind: { const: "b" }, y: { type: "string", minLength: 3 } },
			required: ["kind"],
		};
		const c = { type: "array", items: { enum: [1, 2] }, minItems: 2 };
		const lists = [
			[],
			[a],
			[a, b],
			[b, a],
			[a, b, c],
			[c, c],
			[{ type: "string" }, { type: "object", required: ["q"] }],
			[{ required: ["p"] }, { required: ["kind", "q"] }, { required: ["q", "r"] }],
			[{ $ref: "#/definitions/a" }, { $ref: "#/definitions/b" }],
			[true, {}],
			[false, { minProperties: 5 }],
			[{ anyOf: [a, b] }, { allOf: [a, b] }, { not: a }],
			[{ items: [{ type: "string" }, {}] }, { items: { type: "string" } }, { contains: { type: "null" } }],
			[{ required: ["y"] }, { patternProperties: { "^k": true }, required: ["z"] }],
			[{ required: ["y", "kind"] }, { patternProperties: { "^k": true, d$: true }, required: ["z"] }],
			[{ patternProperties: { "^k": {} }, required: ["z"] }, { propertyNames: { maxLength: 1 } }],
			[when(a, b, c), { minLength: 5 }, { minimum: 10, maximum: 5, multipleOf: 4 }],
		];
		const schemas = lists.flatMap((list) =>
			["anyOf", "oneOf", "allOf"].map((key) => ({ definitions: { a, b }, [key]: list })),
		);
		const nested = schemas.flatMap((schema) => [
			schema,
			{ ...schema, properties: { n: schema }, items: { anyOf: [schema, { type: "null" }] } },
			{ definitions: { a, b }, ...when(schema, a, b) },
			{ definitions: { a, b }, ...when(schema, b) },
		]);
		const documents = [
			{},
			{ kind: "a" },
			{ kind: "a", x: "1" },
			{ kind: "b", y: "yy" },
			{ kind: "b", y: "yyy", x: 1 },
			{ kind: "c", x: 1, n: { kind: "a" } },
			[1],
			[1, 3],
			[{ kind: "a" }, null, 12],
			["x", 7, 3],
		];
		expect(await schemaDifferences(callsFor([[nested, documents]]))).toEqual([]);
	});

	test("match patterns as RE2 does", async () => {
		const patterns = ["", "^a", "a$", "^\\d+$", "(?i)É", ".", "^.{2}$", "\\pL", "[<&>]", "a|b", "\\x{1f600}"];
		const refused = ["(?=a)", "(?!a)", "\\1", "[", "a**", "a{1001}", "(a{1000}){1000}", "\\u0041", "(?<=a)"];
		const schemas = [...patterns, ...refused].flatMap((pattern) => [
			{ items: { pattern } },
			{ patternProperties: { [pattern]: { type: "null" } } },
		]);
		const documents = [
			["", "a", "ba", "12", "é", "\u{1f600}", "ab", "\n", "<"],
			{ a: 1 },
			{ 12: 1 },
			{ é: 1 },
		];
		expect(await differences(callsFor([[schemas, documents]]))).toEqual([]);
	});
});
