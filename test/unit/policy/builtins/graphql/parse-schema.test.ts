import { describe, expect, test } from "@jest/globals";
import { type Call, callsOf, differences } from "../../../../support/builtin-oracle.ts";
import { commented } from "../../../../support/commented.ts";

const DOCUMENTS = [
	"",
	"# nothing",
	"# one\n# two\n",
	"scalar S",
	"scalar S @a(b: 1) @c",
	"scalar S @a(b: $c)",
	"scalar",
	"scalar 1",
	'"d" scalar S',
	'"""D\n  d""" scalar S',
	'"" scalar S',
	'"d"',
	'"d" "e" scalar S',
	"type T",
	"type T {}",
	"type T { a: Int }",
	"type T { a: Int b(x: [Int!]! = 1 @d): T! @d, c: [[T]] }",
	"type T { a }",
	"type T { a: }",
	"type T { a(): Int }",
	"type T { a(x): Int }",
	"type T { a(x: Int: Int }",
	"type T { a: Int = 1 }",
	"type T { a: Int @d(x: $v) }",
	'type T { "f" a("x" x: Int = 1, "" y: Int): Int """g""" b: Int }',
	"type T implements I { a: Int }",
	"type T implements I & J { a: Int }",
	"type T implements & I & J @d { a: Int }",
	"type T implements I J { a: Int }",
	"type T implements { a: Int }",
	"type T implements I & { a: Int }",
	'type T "implements" I { a: Int }',
	"type type { type: type }",
	"interface I",
	"interface I { a: Int }",
	"interface I implements J & K @d { a: Int }",
	"union U",
	"union U =",
	"union U = A",
	"union U = | A | B",
	"union U @d = A | B |",
	"union U = A B",
	"enum E",
	"enum E {}",
	"enum E { A B @d C }",
	'enum E { "a" A """b""" B "" C true null }',
	"enum E { 1 }",
	"input I",
	"input I {}",
	'input I { "a" a: Int = 1 @d b: [I!]! = [{a: 1}] }',
	"input I { a(x: Int): Int }",
	"input I { a: Int = $v }",
	"directive @d on FIELD",
	"directive @d(x: Int = 1 @e, y: T) repeatable on FIELD | OBJECT",
	"directive @d on | FIELD | QUERY",
	"directive @d repeatable repeatable on FIELD",
	"directive @d on FIELD OBJECT",
	"directive @d on",
	"directive @d on field",
	"directive @d on FIELD | NOWHERE",
	"directive d on FIELD",
	"directive @d() on FIELD",
	'directive @d "on" FIELD',
	`directive @d on QUERY | MUTATION | SUBSCRIPTION | FIELD | FRAGMENT_DEFINITION | FRAGMENT_SPREAD | INLINE_FRAGMENT |
	VARIABLE_DEFINITION | SCHEMA | SCALAR | OBJECT | FIELD_DEFINITION | ARGUMENT_DEFINITION | INTERFACE | UNION | ENUM |
	ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION`,
	"schema { query: Q }",
	"schema @d { query: Q mutation: M, subscription: S }",
	"schema @d",
	"schema {}",
	"schema { query: Q query: R }",
	"schema { fetch: Q }",
	"schema { query }",
	'schema { "query": Q }',
	'"d" schema { query: Q }',
	"schema { query: Q } schema { query: R }",
	"extend schema { query: Q }",
	"extend schema @d",
	"extend schema",
	"extend scalar S",
	"extend scalar S @d",
	"extend type T",
	"extend type T @d",
	"extend type T implements I",
	"extend type T implements I & J @d { a: Int }",
	"extend type T { a: Int }",
	"extend interface I",
	"extend interface I @d",
	"extend interface I implements J { a: Int }",
	"extend interface I { a: Int }",
	"extend union U",
	"extend union U @d",
	"extend union U = A | B",
	"extend enum E",
	"extend enum E { A }",
	"extend input I",
	"extend input I @d(x: $v)",
	"extend input I { a: Int }",
	"extend directive @d on FIELD",
	"extend",
	"extend query",
	'extend "type" T { a: Int }',
	'"d" extend type T { a: Int }',
	'"" extend type T { a: Int }',
	"{ a }",
	"query { a }",
	"fragment F on T { a }",
	"type __proto__ { constructor(toString: __proto__): hasOwnProperty } enum __proto__ { __proto__ }",
	"type T { a: Int } # end",
	"type\u0000",
];

/** Where a comment may stand: before each token of these. */
const COMMENTED = [
	'"d" type T implements I & J @ d { "f" a ( "x" x : [ Int ] = [ 1 ] @ d ) : Int @ d b : Int }',
	'"" type T { "" a ( "" x : Int ) : Int }',
	"extend type T implements I @ d { a : Int }",
	'"d" interface I implements J @ d { a : Int }',
	'"d" union U @ d = | A | B',
	'"d" enum E @ d { "v" A @ d B "" C }',
	'"d" input I @ d { "f" a : Int = { k : 1 } @ d b : Int }',
	'"d" scalar S @ d ( x : 1 )',
	'"d" directive @ d ( "x" x : Int = 1 ) repeatable on | FIELD | OBJECT',
	'"d" schema @ d { query : Q mutation : M }',
	"extend schema @ d { query : Q }",
	"extend scalar S @ d extend interface I { a : Int } extend union U = A extend enum E { A } extend input I { a : T }",
];

const parses = (texts: readonly string[]): readonly Call[] =>
	texts.map((text): Call => ["graphql.parse_schema", [text]]);

describe("graphql.parse_schema", () => {
	test("reads definitions and extensions as OPA does", async () => {
		expect(await differences(parses(DOCUMENTS))).toEqual([]);
	});

	test("keeps the comments that OPA keeps, and no others", async () => {
		expect(await differences(parses(COMMENTED.flatMap(commented)))).toEqual([]);
	});

	test("is undefined for other arguments", async () => {
		const args = [[1], [null], [{}], [["scalar S"]], [{ $set: ["scalar S"] }]];
		expect(await differences(callsOf("graphql.parse_schema", ...args))).toEqual([]);
	});
});
