import { describe, expect, test } from "@jest/globals";
import { goJson } from "../../../../../src/policy/builtins/go/json.ts";
import { HOST_BUILTINS } from "../../../../../src/policy/builtins/table.ts";
import { termFromJson } from "../../../../../src/policy/term/from-json.ts";
import type { Term } from "../../../../../src/policy/term/term.ts";
import { type Call, differences } from "../../../../support/builtin-oracle.ts";

type Tree = Readonly<Record<string, unknown>>;

const call = (name: string, ...args: readonly unknown[]): Term | undefined => {
	const terms = args.map((arg) => termFromJson(JSON.stringify(arg)) as Term);
	return HOST_BUILTINS.get(name)?.(terms, undefined as never);
};

const treeOf = (name: string, text: string): Tree =>
	JSON.parse(goJson(call(name, text) ?? null) ?? "null") as Tree;

const SCHEMA = `
# c
directive @d(x: Int) repeatable on FIELD | QUERY | VARIABLE_DEFINITION | OBJECT
type Query @d { a(x: Int = 1, y: In, l: [[Int!]]): Int b(v: E = X, s: S): Query }
input In { p: Int! = 3 q: In } enum E { X Y @deprecated } scalar S union U = Query
interface I { a(x: Int): Int } "desc" type T implements I { a(x: Int, k: Int): Int }
schema { query: Query } extend type Query { z: U }`;

const SCHEMA_TREE = treeOf("graphql.parse_schema", SCHEMA);

const QUERY_TREE = treeOf(
	"graphql.parse_query",
	`# c
	query Q($v: Int = 1 @d, $w: [Int!]) @d(x: $v) {
		a(x: $v, y: {p: 1, q: {p: 2}}, l: [[1], []]) @d
		b { c: a b(v: X, s: [$w, 1.5, "s", true, null]) { __typename } }
	}`,
);

const FIELD = { Name: "a", Alias: "a" };

const operation = (...selections: readonly unknown[]): Tree => ({
	Operations: [{ SelectionSet: selections }],
});

/** Trees of queries: odd, incomplete, of other forms. */
const QUERIES: readonly unknown[] = [
	QUERY_TREE,
	{},
	{ Operations: null },
	{ Operations: [] },
	{ operations: [{ SelectionSet: [FIELD] }] },
	{ OPERATIONS: [{ selectionSet: [FIELD] }] },
	{ "Operation\u017f": [{ SelectionSet: [{ Name: "nope" }] }] },
	{ Operations: { $set: [{ SelectionSet: [FIELD] }] } },
	{ Operations: [{}] },
	{ Operations: {} },
	{ Operations: "query" },
	{ Operations: [1] },
	{ Operations: [[]] },
	{ Nope: 1, Position: 5 },
	{ Comment: 1 },
	{ Comment: { List: [null, { Value: "# c", Position: { Line: 1, Src: null } }] } },
	{ Comment: { List: [{ Value: 1 }] } },
	{ Comment: { List: [{ Value: "# c", Position: { Line: "1" } }] } },
	{ Comment: { list: [{ value: "# c" }] }, Operations: [{ SelectionSet: [FIELD] }] },
	operation(),
	operation(FIELD),
	operation({ Name: "a" }),
	operation({ Alias: "a" }),
	operation({ name: "a" }),
	operation({ Name: "a", Alias: "b" }, { Name: "a", Alias: "b" }),
	operation({ Name: "__typename", Alias: "b" }, { Name: "a", Alias: "b" }),
	operation({ Name: null, Alias: "a" }),
	operation({ Name: 1, Alias: "a" }),
	operation(null),
	operation(1, "x", true, [], FIELD),
	operation({ ...FIELD, Position: null }),
	operation({ ...FIELD, Position: {} }),
	operation({ ...FIELD, Position: { Line: 1, Column: 2, Src: { Name: "n", Input: "i", BuiltIn: true } } }),
	operation({ ...FIELD, Position: { Line: 1.5 } }),
	operation({ ...FIELD, Position: 1 }),
	operation({ ...FIELD, Comment: 1 }),
	operation({ ...FIELD, SelectionSet: null }),
	operation({ ...FIELD, SelectionSet: [] }),
	operation({ ...FIELD, SelectionSet: {} }),
	operation({ ...FIELD, Arguments: [] }),
	operation({ ...FIELD, Arguments: [{ Name: "x", Value: { Kind: 1, Raw: "1" } }] }),
	operation({ ...FIELD, Arguments: [{ Name: "x", Value: { Kind: 1, Raw: "+1" } }] }),
	operation({ ...FIELD, Arguments: [{ Name: "x", Value: { Kind: 1, Raw: "x" } }] }),
	operation({ ...FIELD, Arguments: [{ Name: "x", Value: { Kind: 1 } }] }),
	operation({ ...FIELD, Arguments: [{ Name: "x", Value: { Kind: 5, Raw: "T" } }] }),
	operation({ ...FIELD, Arguments: [{ Name: "x", Value: {} }] }),
	operation({ ...FIELD, Arguments: [{ Name: "x", Value: { Kind: "1" } }] }),
	operation({ ...FIELD, Arguments: [{ Name: "x", Value: { Kind: 1.5 } }] }),
	operation({ ...FIELD, Arguments: [{ Name: "l", Value: { Kind: 8, Children: [] } }] }),
	operation({
		...FIELD,
		Arguments: [{ Name: "y", Value: { Kind: 9, Children: [{ Name: "p", Value: { Kind: 1, Raw: "3" } }] } }],
	}),
	operation({ ...FIELD, Directives: [{ Name: "d" }, { Name: "d" }] }),
	operation({ ...FIELD, Directives: [{ Name: "nope" }] }),
	operation({
		...FIELD,
		Directives: [{ Name: "d", Location: "X", Definition: { Name: "e" }, ParentDefinition: {} }],
	}),
	operation({
		...FIELD,
		Definition: { Name: "x", Type: { NamedType: "T" } },
		ObjectDefinition: { Name: "O" },
	}),
	operation({ Name: "F", Directives: [] }),
	operation({ TypeCondition: "Query", SelectionSet: [FIELD] }),
	operation({ Alias: 1, TypeCondition: "Query", SelectionSet: [FIELD], Name: 1 }),
	operation({ Alias: 1, Name: 1, SelectionSet: [FIELD, FIELD] }),
	operation({ Alias: 1, Name: 1, SelectionSet: 1 }),
	{
		...operation({ Alias: 1, Name: "F" }),
		Fragments: [{ Name: "F", TypeCondition: "Query", SelectionSet: [FIELD] }],
	},
	{
		...operation({ Alias: 1, Name: "F" }),
		Fragments: [{ name: "F", TypeCondition: "Query", SelectionSet: [FIELD] }],
	},
	{ ...operation({ Alias: 1, Name: "F" }), Fragments: [] },
	{ ...operation(FIELD), Fragments: [{ Name: "F", TypeCondition: "Query", SelectionSet: [FIELD] }] },
	{ Operations: [{ Operation: "mutation", SelectionSet: [FIELD] }] },
	{ Operations: [{ Operation: "", Name: "N", SelectionSet: [FIELD] }] },
	{ Operations: [{ Operation: 1, SelectionSet: [FIELD] }] },
	{
		Operations: [
			{ SelectionSet: [FIELD], VariableDefinitions: [{ Variable: "v", Type: { NamedType: "Int" } }] },
		],
	},
	{
		Operations: [
			{
				SelectionSet: [FIELD],
				VariableDefinitions: [{ Variable: "v", Type: { NamedType: "Int" }, Used: true }],
			},
		],
	},
	{
		Operations: [
			{
				SelectionSet: [FIELD],
				VariableDefinitions: [{ Variable: "v", Type: { Elem: { NamedType: "Nope" } }, used: true }],
			},
		],
	},
	{
		Operations: [
			{ Name: "A", SelectionSet: [FIELD] },
			{ Name: "A", SelectionSet: [FIELD] },
		],
	},
	JSON.parse(
		'{"Operations": [{"SelectionSet": [{"Name": "a"}], "__proto__": {"Name": 1}, "constructor": 1}], "__proto__": 1}',
	),
	operation({ Name: "__proto__" }),
];

const definition = (more: object): Tree => ({
	Definitions: [
		{ Name: "Query", Kind: "OBJECT", Fields: [{ Name: "a", Type: { NamedType: "Int" } }], ...more },
	],
});

/** Trees of schemas. */
const SCHEMAS: readonly unknown[] = [
	SCHEMA_TREE,
	{},
	definition({}),
	definition({ Position: 1, TypePositions: 1, Nope: 1 }),
	definition({ Kind: "SCALAR" }),
	definition({ Kind: "NOPE" }),
	definition({ Kind: "" }),
	definition({ Kind: 1 }),
	definition({ Name: "__Q" }),
	definition({ Name: "__Q", BuiltIn: true }),
	definition({ Name: "Int" }),
	definition({ Fields: [] }),
	definition({ Fields: null }),
	definition({ Fields: [{ Name: "a", Type: { Elem: { NamedType: "Int" }, NonNull: true } }] }),
	definition({ Fields: [{ Name: "a", Type: { NamedType: "Nope" } }] }),
	definition({ Fields: [{ Name: "a", Type: { NamedType: 1 } }] }),
	definition({ Interfaces: ["I"] }),
	definition({ Interfaces: [null] }),
	definition({ Interfaces: [1] }),
	definition({ Types: ["Query"] }),
	definition({ EnumValues: [{ Name: "X" }, { Name: "X" }] }),
	definition({ Directives: [{ Name: "deprecated" }] }),
	definition({ Directives: [{ Name: "deprecated", Arguments: [{ Name: "reason" }] }] }),
	definition({
		Description: "d",
		BeforeDescriptionComment: { List: [{ Value: "# c" }] },
		AfterDescriptionComment: {},
	}),
	{ ...definition({}), Schema: [{ OperationTypes: [{ Operation: "query", Type: "Query" }] }] },
	{ ...definition({}), Schema: [{ OperationTypes: [{ Operation: "nope", Type: "Query" }] }] },
	{ ...definition({}), Schema: [{ OperationTypes: [{ Operation: "query", Type: "Nope" }] }] },
	{ ...definition({}), Schema: [{}, {}] },
	{ ...definition({}), Schema: {} },
	{
		...definition({}),
		Extensions: [{ Name: "Query", Kind: "OBJECT", Fields: [{ Name: "b", Type: { NamedType: "Int" } }] }],
	},
	{ ...definition({}), Extensions: [{ Name: "Query", Kind: "INTERFACE" }] },
	{ ...definition({}), Directives: [{ Name: "d", Locations: ["FIELD", "NOWHERE"], IsRepeatable: true }] },
	{ ...definition({}), Directives: [{ Name: "d", Locations: [1] }] },
	{ definitions: [{ name: "Query", kind: "OBJECT", fields: [{ name: "a", type: { namedtype: "Int" } }] }] },
];

describe("trees instead of texts", () => {
	test("queries are read as OPA reads them", async () => {
		const calls = QUERIES.flatMap((query): readonly Call[] => [
			["graphql.is_valid", [query, SCHEMA]],
			["graphql.parse", [query, SCHEMA]],
			["graphql.parse_and_verify", [query, definition({})]],
		]);
		expect(await differences(calls)).toEqual([]);
	});

	test("schemas are read as OPA reads them", async () => {
		const calls = SCHEMAS.flatMap((schema): readonly Call[] => [
			["graphql.schema_is_valid", [schema]],
			["graphql.is_valid", ["{ a }", schema]],
			["graphql.parse", ["{ a }", schema]],
			["graphql.parse_and_verify", [operation(FIELD), schema]],
		]);
		expect(await differences(calls)).toEqual([]);
	});

	test("fields that a tree tells from one another by nothing are the same", async () => {
		const schema = "type Query { a: T } type T { a: T x: Int y: Int z: Int }";
		const spread = (name: string) => ({ Alias: 1, Name: name });
		const field = (name: string, ...selections: readonly unknown[]) => ({
			Alias: name,
			Name: name,
			SelectionSet: selections,
		});
		const fragment = (name: string, ...selections: readonly unknown[]) => ({
			Name: name,
			TypeCondition: "T",
			SelectionSet: selections,
		});
		const tree = {
			...operation(field("a", field("a", spread("P")), { Alias: "y", Name: "x" }, spread("A"), spread("G"))),
			Fragments: [
				fragment("A", field("a", field("z"), spread("S"))),
				fragment("P", field("z"), spread("G")),
				fragment("S", field("z"), spread("G")),
				fragment("G", field("y")),
			],
		};
		expect(await differences([["graphql.is_valid", [tree, schema]]])).toEqual([]);
		expect(call("graphql.is_valid", tree, schema)).toBe(false);
	});

	test.each<readonly [string, unknown]>([
		["an operation", { Operations: [null] }],
		["a fragment", { ...operation(FIELD), Fragments: [null] }],
		["a value", operation({ ...FIELD, Arguments: [{ Name: "x" }] })],
		["a type", { Operations: [{ SelectionSet: [FIELD], VariableDefinitions: [{ Variable: "v" }] }] }],
		[
			"a name of a type",
			{ Operations: [{ SelectionSet: [FIELD], VariableDefinitions: [{ Variable: "v", Type: {} }] }] },
		],
		["an operation of its kind", { Operations: [{ Operation: "nope", SelectionSet: [FIELD] }] }],
		["a value of its kind", operation({ ...FIELD, Arguments: [{ Name: "x", Value: { Kind: 10 } }] })],
		["one name for each member", { Operations: [], operations: [] }],
		["a number that fits", operation({ ...FIELD, Arguments: [{ Name: "x", Value: { Kind: 2 ** 60 } }] })],
	])("a tree without %s, which ends OPA's process or puzzles it, gives no answer", (_what, tree) => {
		expect(() => call("graphql.is_valid", tree, SCHEMA)).toThrow("a tree that OPA cannot use");
	});

	test("a gap that nobody comes to is none", () => {
		expect(call("graphql.is_valid", { Operations: [null] }, "type Query {")).toBe(false);
		const unread = definition({ Directives: [{ Name: "nope", Arguments: [null] }] });
		expect(call("graphql.schema_is_valid", unread)).toBe(false);
	});

	test("variables that are one another's defaults come to an end", () => {
		const variable = { Kind: 0, Raw: "v" };
		const tree = {
			Operations: [
				{
					SelectionSet: [{ ...FIELD, Arguments: [{ Name: "x", Value: variable }] }],
					VariableDefinitions: [{ Variable: "v", Type: { NamedType: "Int" }, DefaultValue: variable }],
				},
			],
		};
		expect(() => call("graphql.is_valid", tree, SCHEMA)).toThrow("one another's defaults");
	});
});
