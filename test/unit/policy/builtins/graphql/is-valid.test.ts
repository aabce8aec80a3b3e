import { expect, test } from "@jest/globals";
import { HOST_BUILTINS } from "../../../../../src/policy/builtins/table.ts";
import { type Call, callsOf, differences } from "../../../../support/builtin-oracle.ts";
import { opaEval } from "../../../../support/opa-eval.ts";
import { inputOf, policyOf } from "../../../../support/policy.ts";

const SCHEMA = `
directive @d(x: Int) on QUERY | MUTATION | FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT | FRAGMENT_DEFINITION |
	VARIABLE_DEFINITION
directive @again repeatable on FIELD
directive @needs(x: Int!, y: Int! = 1) on FIELD

interface Named { name: String }
interface Owned implements Named { name: String owner: Person }
type Query {
	pet(id: ID, name: String, age: Int): Pet
	person(id: ID!, tags: [String!] = ["x"]): Person
	named: Named
	owned: [Owned!]!
	either: Either
	count(min: Int! = 1, by: Float, kind: Kind, flag: Boolean): Int!
	find(filter: Filter, one: One, any: Any, list: [Int!], deep: [[Int]]): Result
	self: Query
}
type Pet implements Owned & Named { name: String owner: Person age: Int kind: Kind! }
type Person implements Named { name: String friends(first: Int): [Person] pet: Pet age: Int! kind: Kind }
type Robot { name: Int model: String }
union Either = Pet | Robot
union Lone = Robot
type Result { total: Int items: [Either] }
enum Kind { CAT DOG }
scalar Any
input Filter { name: String! = "n" age: Int! kind: Kind tags: [String!] and: [Filter] not: Filter }
input One @oneOf { id: ID name: String filter: Filter }
type Mutation { add(name: String!): Pet }
type Subscription { added: Pet removed: Pet }
`;

const QUERIES = [
	"",
	"# nothing",
	"{ self { self { __typename } } }",
	"{ nope }",
	"{ self }",
	"{ self {} }",
	"{ count }",
	"{ count { a } }",
	"{ count __typename }",
	"{ __typename { a } }",
	"{ __typename(x: 1) }",
	"{ either { __typename } }",
	"{ either { name } }",
	"{ either { ... on Pet { name } ... on Robot { model } } }",
	"{ named { name } owned { owner { name } } }",
	"{ named { age } }",
	"{ find { items { ... on Pet { name } } } }",
	// arguments
	"{ pet(id: 1) { name } }",
	"{ pet(nope: 1) { name } }",
	"{ pet(id: 1, id: 1) { name } }",
	"{ person { name } }",
	"{ person(id: null) { name } }",
	'{ person(id: "1") { name } }',
	"{ person(id: 1, tags: null) { name } }",
	"{ count(min: null) }",
	"{ count(max: 1) }",
	// values
	...[
		"1",
		"1.5",
		'"1"',
		'"""1"""',
		"true",
		"CAT",
		"null",
		"[1]",
		"{}",
		"{a: 1}",
		"-0",
		"99999999999999999999",
	].flatMap((value) => [
		`{ pet(id: ${value}) { name } }`,
		`{ pet(name: ${value}) { name } }`,
		`{ pet(age: ${value}) { name } }`,
		`{ count(by: ${value}) }`,
		`{ count(min: ${value}) }`,
		`{ count(kind: ${value}) }`,
		`{ count(flag: ${value}) }`,
		`{ find(any: ${value}) { total } }`,
		`{ find(list: ${value}) { total } }`,
		`{ find(deep: ${value}) { total } }`,
		`{ find(filter: ${value}) { total } }`,
	]),
	"{ pet(age: 2147483648) { name } }",
	"{ pet(age: 9223372036854775807) { name } }",
	"{ pet(age: 9223372036854775808) { name } }",
	"{ pet(age: -9223372036854775808) { name } }",
	"{ count(by: 1e308) }",
	"{ count(by: 1e309) }",
	"{ count(by: 1e-400) }",
	"{ count(kind: COW) }",
	'{ count(kind: "CAT") }',
	"{ find(list: [1, null]) { total } }",
	"{ find(list: [[1]]) { total } }",
	"{ find(list: [1, 99999999999999999999]) { total } }",
	"{ find(list: []) { total } }",
	"{ find(deep: [1, [2], null]) { total } }",
	"{ find(deep: [[1], [[2]]]) { total } }",
	"{ find(any: [1, {a: 1e999, b: [CAT]}, 99999999999999999999]) { total } }",
	"{ find(filter: {age: 1}) { total } }",
	"{ find(filter: {name: null, age: 1}) { total } }",
	"{ find(filter: {age: null}) { total } }",
	"{ find(filter: {age: 1, age: 2}) { total } }",
	"{ find(filter: {age: 1, nope: 2}) { total } }",
	"{ find(filter: {age: 1, kind: CAT, tags: [], and: [{age: 2}, {age: 3, not: {age: 4}}]}) { total } }",
	"{ find(filter: {age: 1, and: {age: 2}}) { total } }",
	"{ find(filter: {age: 1, and: [{}]}) { total } }",
	'{ find(filter: {age: 1, tags: ["a", 1]}) { total } }',
	"{ find(any: {a: 1, a: 2}) { total } }",
	"{ find(one: {id: 1}) { total } }",
	"{ find(one: {}) { total } }",
	'{ find(one: {id: 1, name: "n"}) { total } }',
	"{ find(one: {id: null}) { total } }",
	"{ find(one: {nope: 1}) { total } }",
	"{ find(one: {filter: {age: 1}}) { total } }",
	// variables
	"query($a: Int) { pet(age: $a) { name } }",
	"query($a: Int) { pet { name } }",
	"{ pet(age: $a) { name } }",
	"query Q { pet(age: $a) { name } }",
	"query($a: Int, $a: Int) { pet(age: $a) { name } }",
	"query($a: Nope) { pet(age: $a) { name } }",
	"query($a: Pet) { pet(age: $a) { name } }",
	"query($a: [Named!]) { find(any: $a) { total } }",
	"query($a: String) { pet(age: $a) { name } }",
	"query($a: Int!) { pet(age: $a) { name } }",
	"query($a: Int) { count(min: $a) }",
	"query($a: Int = 1) { count(min: $a) }",
	"query($a: Int = null) { count(min: $a) }",
	"query($a: ID) { person(id: $a) { name } }",
	'query($a: ID = "1") { person(id: $a) { name } }',
	"query($a: ID = null) { person(id: $a) { name } }",
	"query($a: ID!) { person(id: $a) { name } }",
	"query($a: Int) { person(id: $a) { name } }",
	"query($a: [String!]) { person(id: 1, tags: $a) { name } }",
	"query($a: [String]) { person(id: 1, tags: $a) { name } }",
	"query($a: String) { person(id: 1, tags: $a) { name } }",
	"query($a: String) { person(id: 1, tags: [$a]) { name } }",
	"query($a: String!) { person(id: 1, tags: [$a]) { name } }",
	"query($a: Int) { find(filter: {age: $a}) { total } }",
	"query($a: Int!) { find(filter: {age: $a}) { total } }",
	"query($a: Int = 3) { find(filter: {age: $a}) { total } }",
	"query($a: String) { find(filter: {age: 1, name: $a}) { total } }",
	"query($a: Filter) { find(filter: $a) { total } }",
	"query($a: Filter = {}) { find(filter: $a) { total } }",
	"query($a: Filter = {age: 1}) { find(filter: $a) { total } }",
	"query($a: Int = 1.5) { pet(age: $a) { name } }",
	"query($a: [Int] = [1, CAT]) { find(any: $a) { total } }",
	"query($a: Kind = CAT) { count(kind: $a) }",
	"query($a: ID) { find(one: {id: $a}) { total } }",
	"query($a: ID!) { find(one: {id: $a}) { total } }",
	"query($a: One) { find(one: $a) { total } }",
	"query($a: Any) { find(any: {b: [$a]}) { total } }",
	"query($a: Int) { ...F } fragment F on Query { pet(age: $a) { name } }",
	"query A($a: Int) { ...F } query B { ...F } fragment F on Query { pet(age: $a) { name } }",
	"query A($a: Int) { ...F } query B($a: String) { ...F } fragment F on Query { pet(age: $a) { name } }",
	"query($a: Boolean!) { self @include(if: $a) { count } }",
	"query($a: Boolean) { self @include(if: $a) { count } }",
	"query($a: Int @d) { pet(age: $a) { name } }",
	"query($a: Int @again) { pet(age: $a) { name } }",
	"query($a: Int, $b: Int @d(x: $a)) { pet(age: $b) { name } }",
	// directives
	"{ count @d }",
	"{ count @d(x: 1) }",
	'{ count @d(x: "1") }',
	"{ count @d(y: 1) }",
	"{ count @d(x: 1, x: 1) }",
	"{ count @d @d }",
	"{ count @again @again }",
	"{ count @nope }",
	"{ count @needs }",
	"{ count @needs(x: 1) }",
	"{ count @needs(x: null) }",
	"{ count @skip(if: true) @include(if: false) }",
	"{ count @skip }",
	"{ count @skip(if: 1) }",
	"{ count @deprecated }",
	"query @d { count }",
	"query @again { count }",
	'mutation @d { add(name: "n") { name } }',
	"subscription @d { added { name } }",
	"{ ... @d { count } ...F @d } fragment F on Query @d { count }",
	"{ ...F } fragment F on Query @again { count }",
	"{ ...F @defer } fragment F on Query { count }",
	'{ ... @defer(if: false, label: "l") { count } }',
	// operations
	'mutation { add(name: "n") { name } }',
	"mutation { count }",
	"subscription { added { name } }",
	"subscription { added { name } removed { name } }",
	"subscription S { added { name } also: added { age } }",
	"subscription { __typename }",
	"subscription { ...F } fragment F on Subscription { added { name } removed { name } }",
	"subscription { ... { added { name } } ... on Subscription { added { age } } }",
	"{ count } { count }",
	"query A { count } query B { count }",
	"query A { count } query A { count }",
	'query A { count } mutation A { add(name: "n") { name } }',
	"query A { count } { count }",
	// fragments
	"{ ...F }",
	"{ ...F } fragment F on Query { count }",
	"{ count } fragment F on Query { count }",
	"{ ...F } fragment F on Query { ...G } fragment G on Query { count }",
	"{ count } fragment F on Query { ...G } fragment G on Query { count }",
	"fragment G on Query { count } fragment F on Query { ...G } { ...F }",
	"{ ...F } fragment F on Query { count } fragment F on Query { count }",
	"{ ...F } fragment F on Nope { count }",
	"{ ... on Nope { count } }",
	"{ ... on Int { count } }",
	"{ ... on Filter { count } }",
	"{ ...F } fragment F on Kind { count }",
	"{ ...F } fragment F on Pet { name }",
	"{ ... on Pet { name } }",
	"{ ... on Named { name } }",
	"{ named { ... on Pet { age } ... on Person { age } ... on Owned { owner { name } } } }",
	"{ named { ... on Robot { model } } }",
	"{ named { ... on Either { __typename } } }",
	"{ named { ... on Lone { __typename } } }",
	"{ either { ... on Lone { __typename } ... on Named { name } ... on Person { name } } }",
	"{ owned { ... on Person { name } } }",
	"{ pet { ... on Named { name } ... on Either { __typename } ... on Lone { __typename } } }",
	"{ pet { ...F } } fragment F on Named { ... on Person { name } }",
	"{ ...F(x: 1) } fragment F on Query { count }",
	"{ ...F } fragment F($x: Nope = 1) on Query { count }",
	"{ ...F } fragment F on Query { ...F }",
	"{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
	"{ count } fragment F on Query { self { ...F } }",
	"{ ...__proto__ } fragment __proto__ on Query { count }",
	"{ ...constructor }",
	"{ constructor }",
	"{ __proto__ }",
	"{ ... on hasOwnProperty { a } }",
	"{ count @toString }",
	"{ count(valueOf: 1) }",
	"query($a: constructor) { find(any: $a) { total } }",
	// introspection
	'{ __schema { types { name } } __type(name: "Pet") { kind } }',
	"{ __type { kind } }",
	"{ __schema }",
	"{ self { __schema { description } } }",
	"{ pet { __schema { description } } }",
	"mutation { __schema { description } }",
	'{ __type(name: "A") { ofType { ofType { ofType { ofType { ofType { ofType { ofType { name } } } } } } } } }',
	'{ __type(name: "A") { fields { type { fields { name } } } } }',
	'{ __type(name: "A") { fields { type { fields { type { fields { name } } } } } } }',
	'{ __type(name: "A") { interfaces { possibleTypes { inputFields { name } } } } }',
	"{ __schema { types { ...F } } } fragment F on __Type { fields { type { ...G } } } fragment G on __Type { possibleTypes { ... { interfaces { name } } } }",
	"{ __schema { types { ...F } } } fragment F on __Type { fields { type { ...G } } } fragment G on __Type { possibleTypes { name } }",
	// fields that get one name
	"{ count count }",
	"{ count count(min: 1) }",
	"{ count(min: 1) count(min: 2) }",
	"{ count(min: 1, by: 2) count(by: 2, min: 1) }",
	'{ find(filter: {age: 1, name: "n"}) { total } find(filter: {name: "n", age: 1}) { total } }',
	"{ find(filter: {tags: [], age: 1}) { total } find(filter: {age: 1, tags: []}) { total } }",
	"{ find(filter: {age: 1, tags: []}) { total } find(filter: {tags: [], age: 1}) { total } }",
	"{ find(filter: {age: 1}) { total } find(filter: {age: 2}) { total } }",
	"{ find(list: [1, 2]) { total } find(list: [2, 1]) { total } }",
	'{ pet(name: "a") { name } pet(name: """a""") { name } }',
	"{ a: count a: __typename }",
	"{ a: count b: count }",
	"{ self { count } self { count(min: 1) } }",
	"{ self { a: count } self { a: __typename } }",
	"{ self { self { a: count } } self { self { a: __typename } } }",
	"{ either { ... on Pet { name } ... on Robot { name } } }",
	"{ either { ... on Pet { name } ... on Robot { name: model } } }",
	"{ either { ... on Pet { x: name } ... on Robot { x: model } } }",
	"{ named { ... on Pet { age } ... on Person { age } } }",
	"{ named { ... on Pet { kind } ... on Person { kind } } }",
	"{ named { ... on Pet { x: owner { a: age } } ... on Person { x: pet { a: age } } } }",
	"{ named { ... on Pet { x: owner { a: name } } ... on Person { x: pet { a: name } } } }",
	"{ named { ... on Pet { x: owner { a: name } } ... on Person { x: friends { a: name } } } }",
	"{ named { ... on Named { x: name } ... on Pet { x: age } } }",
	"{ ...F ...G } fragment F on Query { a: count } fragment G on Query { a: __typename }",
	"{ ...F a: count } fragment F on Query { a: __typename }",
	"{ self { ...F } self { ...G } } fragment F on Query { a: count } fragment G on Query { a: __typename }",
	"{ ...F a: count } fragment F on Query { ...G } fragment G on Query { a: __typename }",
	"{ ...F ...G } fragment F on Query { ...H } fragment G on Query { a: count } fragment H on Query { a: __typename }",
];

const call = (name: string, ...args: readonly string[]) =>
	HOST_BUILTINS.get(name)?.(args, undefined as never);

test("graphql.is_valid says of each query what OPA says", async () => {
	const calls = QUERIES.map((query): Call => ["graphql.is_valid", [query, SCHEMA]]);
	expect(await differences(calls)).toEqual([]);
	const valid = QUERIES.filter((query) => call("graphql.is_valid", query, SCHEMA));
	expect(valid.length).toBeGreaterThan(100);
});

test("a query is judged by the roots that a schema has", async () => {
	const schemas = [
		"",
		"type A { a: Int }",
		"schema { query: A } type A { a: Int }",
		"schema { query: A } type A { a: Int } type Mutation { a: Int }",
		"schema { mutation: A } type A { a: Int } type Query { a: Int }",
		"extend schema { query: A } type A { a: Int } type Mutation { a: Int }",
		"extend schema { query: A } type A { a: Int b: Int } type Query { c: Int }",
		"schema { query: A mutation: A subscription: A } type A { a: Int }",
		"schema { query: Int }",
		"schema { query: In } input In { a: Int }",
		"schema { query: I } interface I { a: Int } type A implements I { a: Int b: Int }",
		"schema { query: U } union U = A type A { a: Int }",
		"scalar Query",
		"type Query { a: Nope }",
		"type Query {",
		"directive @skip on FIELD type Query { a: Int }",
		"extend type __Type { a: Int } type Query { a: Int }",
	];
	const queries = [
		"{ a }",
		"{ __typename }",
		"mutation { a }",
		"subscription { a }",
		"{ __schema { description } }",
		"mutation { __schema { description } }",
		"{ ... on A { a b } }",
		"{ a @skip }",
		'{ __type(name: "a") { a } }',
	];
	const calls = schemas.flatMap((schema) =>
		queries.map((query): Call => ["graphql.is_valid", [query, schema]]),
	);
	expect(await differences(calls)).toEqual([]);
});

test("strings that are no text are told apart until an escape", async () => {
	const rego = `package envoy.authz

allow := [graphql.is_valid(base64.decode(query), "type Query { a(x: String): Int }") | some query in input.queries]`;
	const field = (before: string, byte: number, after: string) =>
		Buffer.concat([Buffer.from(`a(x: ${before}`), Buffer.of(byte), Buffer.from(`${after}) `)]);
	const pair = (before: string, after: string) =>
		Buffer.concat([
			Buffer.from("{ "),
			field(before, 0xff, after),
			field(before, 0xfe, after),
			Buffer.from("}"),
		]);
	const queries = [pair('"', '"'), pair('"é', '\\n"'), pair('"\\n', '"'), pair('"""', '"""')].map((query) =>
		query.toString("base64"),
	);
	const outcome = (await policyOf(rego)).evaluate("envoy/authz/allow", inputOf({ queries }));
	expect(outcome).toEqual({ kind: "value", value: [false, false, true, true] });
	expect(await opaEval(rego, "data.envoy.authz.allow", { queries })).toEqual([false, false, true, true]);
});

const RECURSIVE = "type Query { a: T } type T { a: T x: Int y: Int z: Int }";

test("conflicts that escape gqlparser escape here", async () => {
	const queries = [
		// G was compared with something below, and is taken for compared with y here.
		"{ a { a { x ...P } y: x ...A ...G } } fragment A on T { a { z } } fragment P on T { ...G } fragment G on T { y }",
		"{ a { a { x } y: x ...A ...G } } fragment A on T { a { z ...P } } fragment P on T { ...G } fragment G on T { y }",
		"{ a { a { x } y: x ...A ...G } } fragment A on T { a { z } } fragment G on T { y }",
		// The same with fragments that have no fields, and with fields that are the same to the eye alone.
		`{ a { a { ...P } y: x ...A ...G } } fragment A on T { a { ...S } } fragment P on T { ...G } fragment S on T { ...G }
		fragment G on T { y }`,
		`{ a { a { ...P } y: x ...A ...G } } fragment A on T { a { z ...S } } fragment P on T { z ...G }
		fragment S on T { z ...G } fragment G on T { y }`,
	];
	const calls = queries.map((query): Call => ["graphql.is_valid", [query, RECURSIVE]]);
	expect(await differences(calls)).toEqual([]);
});

test("the parse functions agree with the verdict, and give both trees", async () => {
	const queries = QUERIES.filter((_, i) => i % 9 === 0);
	const calls = queries.flatMap((query): readonly Call[] => [
		["graphql.parse", [query, RECURSIVE]],
		["graphql.parse_and_verify", [query, RECURSIVE]],
	]);
	const small = ["{ a { x } }", "# c\nquery Q { a { x # d\n} }", "{ a }", "{ a { nope } }", "{"].flatMap(
		(query) =>
			[RECURSIVE, "# c\ntype Query { a: Nope }", "type Query {", ""].flatMap((schema): readonly Call[] => [
				["graphql.parse", [query, schema]],
				["graphql.parse_and_verify", [query, schema]],
			]),
	);
	expect(await differences([...calls, ...small])).toEqual([]);
});

test("other arguments are invalid, undefined or not verified", async () => {
	const args = [
		[1, RECURSIVE],
		["{ a { x } }", 1],
		[null, null],
		[["{ a { x } }"], RECURSIVE],
		["{ a { x } }", { $set: [RECURSIVE] }],
		[true, RECURSIVE],
	];
	const names = ["graphql.is_valid", "graphql.parse", "graphql.parse_and_verify"];
	expect(await differences(names.flatMap((name) => callsOf(name, ...args)))).toEqual([]);
});
