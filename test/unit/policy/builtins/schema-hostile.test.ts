import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { schemaOf } from "../../../../src/policy/builtins/schema/kept.ts";
import { HOST_BUILTINS } from "../../../../src/policy/builtins/table.ts";
import { termFromJson } from "../../../../src/policy/term/from-json.ts";
import { arrayTerm, numberTerm, objectTerm, setTerm, type Term } from "../../../../src/policy/term/term.ts";
import { opaEval } from "../../../support/opa-eval.ts";
import { inFolder, inputOf, policyOf } from "../../../support/policy.ts";

const context = { nowNs: () => 0n, remember: (_key: string, make: () => Term) => make() };

const call = (name: string, ...args: readonly Term[]): Term | undefined =>
	HOST_BUILTINS.get(name)?.(args, context);

const matched = (document: string, schema: unknown): Term | undefined =>
	call("json.match_schema", document, typeof schema === "string" ? schema : JSON.stringify(schema));

const verified = (schema: unknown): Term | undefined =>
	call("json.verify_schema", typeof schema === "string" ? schema : JSON.stringify(schema));

function nested(levels: number, around: (inner: unknown) => unknown, inner: unknown): unknown {
	let value = inner;
	for (let i = 0; i < levels; i++) value = around(value);
	return value;
}

/** Definitions of which each refers to the next, so often; the last is anything. */
const chain = (length: number, times: number, key: string): Readonly<Record<string, unknown>> =>
	Object.fromEntries(
		Array.from({ length }, (_, i) => [
			`d${i}`,
			i === length - 1
				? {}
				: { [key]: Array.from({ length: times }, () => ({ $ref: `#/definitions/d${i + 1}` })) },
		]),
	);

describe("schemas that OPA crashes over are given up", () => {
	test.each<[string, unknown]>([
		["a reference to itself", { $ref: "#" }],
		[
			"two that refer to each other",
			{
				definitions: { a: { $ref: "#/definitions/b" }, b: { $ref: "#/definitions/a" } },
				$ref: "#/definitions/a",
			},
		],
		["one that must match itself", { allOf: [{ $ref: "#" }] }],
		["one that must not match itself", { not: { $ref: "#" } }],
		["one that asks itself", { if: { $ref: "#" } }],
		["one that depends on itself", { dependencies: { a: { $ref: "#" } } }],
	])("%s", (_name, schema) => {
		expect(verified(schema)).toEqual(arrayTerm([true, null]));
		expect(() => matched('{"a":1}', schema)).toThrow(RangeError);
	});

	test.each<[string, string, unknown]>([
		["no double", "[1e400]", { items: { enum: [1] } }],
		["no double among equals", "[1e400]", { uniqueItems: true }],
		["no double to be constant", "[[1e400]]", { items: { const: 1 } }],
		["an exponent beyond big.Rat", "[1e1000001]", { items: { minimum: 1 } }],
		["an exponent of no 64 bits", "[0e99999999999999999999]", { items: { multipleOf: 1 } }],
	])("numbers: %s", (_name, document, schema) => {
		expect(() => matched(document, schema)).toThrow(RangeError);
	});

	test("numbers that nothing calculates with are numbers all the same", () => {
		const schema = { items: { type: "number", not: { type: "integer" } } };
		expect(matched("[1e1000001]", schema)).toEqual(arrayTerm([true, arrayTerm([])]));
	});

	test("an id that is no URL where it stands", () => {
		expect(() => verified({ $id: "/.//[" })).toThrow(RangeError);
	});

	test.each([
		'json.match_schema("[1e400]", {"items": {"enum": [1]}})',
		'json.match_schema("[1e1000001]", {"items": {"minimum": 1}})',
		'json.verify_schema({"$id": "/.//["})',
	])("OPA has no answer to %s", async (query) => {
		await expect(opaEval("package a\n", query, {})).rejects.toThrow("panic");
	});

	test("the evaluation is denied then, and the next one is answered", async () => {
		const policy = await policyOf(
			'package envoy.authz\n\nallow if not json.match_schema({}, {"$ref": input.ref, "definitions": {"a": {}}})[0] == false\n',
		);
		const evaluate = (ref: string) => policy.evaluate("envoy/authz/allow", inputOf({ ref }));
		expect(evaluate("#")).toMatchObject({ kind: "failed" });
		expect(evaluate("#/definitions/a")).toMatchObject({ kind: "value", value: true });
	});
});

describe("what has no end is given up", () => {
	test.each(["allOf", "anyOf"])("references that double at each of 40 steps, under %s", (key) => {
		const schema = { definitions: { ...chain(40, 2, key), d39: false }, $ref: "#/definitions/d0" };
		expect(() => matched("{}", schema)).toThrow("too much to do");
	});

	test("schemas and references nested without measure", () => {
		expect(verified({ definitions: chain(200, 1, "allOf") })).toEqual(arrayTerm([true, null]));
		expect(() => verified({ definitions: chain(5000, 1, "allOf") })).toThrow("nested too deep");
		expect(verified(nested(500, (not) => ({ not }), {}))).toEqual(arrayTerm([true, null]));
	});

	test("documents nested without measure", () => {
		const text = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
		expect(matched(text(500), { items: { $ref: "#" } })).toEqual(arrayTerm([true, arrayTerm([])]));
		expect(() => matched(text(600), {})).toThrow("nested too deep");
		expect(() => matched(text(100_000), {})).toThrow("nested too deep");
		expect(() => verified(`{"default":${text(100_000)}}`)).toThrow("nested too deep");
		expect(() => matched("[".repeat(100_000), {})).toThrow("nested too deep");
		// Brackets in strings are none.
		expect(matched(`"${"[".repeat(600)}\\"`, {})).toBeUndefined();
		expect(matched(`"\\"${"[".repeat(600)}"`, {})).toEqual(arrayTerm([true, arrayTerm([])]));
	});

	test("more schemas than are reasonable", () => {
		expect(() => verified(`{"items":[${"{},".repeat(70_000)}{}]}`)).toThrow("too many schemas");
	});

	test("long references resolved again and again", () => {
		const properties = Object.fromEntries(
			Array.from({ length: 2000 }, (_, i) => [`p${i}`, { $id: `i${i}` }]),
		);
		expect(() => verified({ $id: `http://x/${"a/".repeat(50_000)}`, properties })).toThrow("too much to do");
	});

	const names = Array.from({ length: 100_000 }, (_, i) => `n${i}`);
	const zeros = "0".repeat(2_000_000);

	test.each<[string, string]>([
		["names", JSON.stringify({ required: names })],
		["values", JSON.stringify({ enum: names })],
		["names that must be there", JSON.stringify({ dependencies: { a: names } })],
		["ids", JSON.stringify({ $id: "a".repeat(100_000) })],
		["numbers", `{"minimum":0.${zeros}}`],
	])("long %s, read again for each way of writing a reference", (_what, schema) => {
		const spellings = Array.from({ length: 60 }, (_, i) =>
			[..."abcdef"].map((char, k) => ((i >> k) & 1 ? `%${char.charCodeAt(0).toString(16)}` : char)).join(""),
		);
		const anyOf = JSON.stringify(spellings.map((name) => ({ $ref: `#/definitions/${name}` })));
		expect(() => verified(`{"definitions":{"abcdef":${schema}},"anyOf":${anyOf}}`)).toThrow("too much to do");
	});

	test.each<[string, string, object]>([
		["numbers", `[0.${zeros}]`, { type: "integer" }],
		["texts", `["${zeros}"]`, { pattern: "b" }],
	])("long %s, looked at again and again", (_what, document, schema) => {
		const allOf = new Array(100).fill(schema);
		expect(() => matched(document, { items: { allOf } })).toThrow("too much to do");
	});

	test("more failures than are reasonable, and longer ones", () => {
		const zeros = JSON.stringify(new Array(300_000).fill(0));
		expect(() => matched(zeros, { items: false })).toThrow("too large");
		const names = Array.from({ length: 2000 }, (_, i) => `name ${i}`);
		expect(() => matched(JSON.stringify(new Array(20_000).fill(0)), { items: { enum: names } })).toThrow(
			"too large",
		);
	});

	test("numbers of more digits than are reasonable", () => {
		const many = "7".repeat(100_000);
		expect(() => matched(`[${many}]`, '{"items":{"multipleOf":3}}')).toThrow("digits");
		expect(() => matched("[0]", `{"items":{"minimum":${many}}}`)).toThrow("digits");
		expect(() => matched("[0]", '{"items":{"minimum":1e1000000}}')).toThrow("digits");
		expect(matched(`[${many}]`, '{"items":{"minimum":3,"type":"integer"}}')).toEqual(
			arrayTerm([true, arrayTerm([])]),
		);
		expect(matched("[1e-1000000]", '{"items":{"multipleOf":7}}')).toMatchObject({ items: [false, {}] });
		expect(matched("[1e1000000]", '{"items":{"multipleOf":125}}')).toEqual(arrayTerm([true, arrayTerm([])]));
	});

	test("patterns that take long to compile", () => {
		const pattern = "a".repeat(2_000_000);
		expect(() => verified({ pattern })).toThrow("too much to do");
		expect(() => verified({ patternProperties: { [pattern]: {} } })).toThrow("too much to do");
		expect(() => matched(JSON.stringify([pattern]), { items: { format: "regex" } })).toThrow(
			"too much to do",
		);
	});

	describe("many patterns that are short and become long", () => {
		const patterns = Array.from({ length: 1000 }, (_, i) => `${i}a{1000}`);

		test("as keywords", () => {
			expect(() => verified({ allOf: patterns.map((pattern) => ({ pattern })) })).toThrow("too much to do");
		});

		test("as names", () => {
			const patternProperties = Object.fromEntries(patterns.map((pattern) => [pattern, {}]));
			expect(() => verified({ patternProperties })).toThrow("too much to do");
		});

		test("as texts of that format", () => {
			const schema = { items: { format: "regex" } };
			expect(() => matched(JSON.stringify(patterns), schema)).toThrow("too much to do");
		});
	});

	test("texts that patterns and formats could get lost in", () => {
		const long = "a".repeat(30_000);
		const texts = [
			long,
			"(".repeat(30_000),
			'"'.repeat(30_000),
			"{".repeat(30_000),
			`=?a?q?${"=41".repeat(10_000)}`,
		];
		const formats = [
			"hostname",
			"email",
			"uri",
			"uri-template",
			"json-pointer",
			"relative-json-pointer",
			"regex",
		];
		const schema = {
			items: {
				allOf: [{ pattern: "^(a|a)*b" }, { pattern: "(a*)*$" }, ...formats.map((format) => ({ format }))],
			},
		};
		expect(matched(JSON.stringify(texts), schema)).toMatchObject({ items: [false, {}] });
	});
});

describe("references to other documents", () => {
	test("no file is read, whatever is in it", async () => {
		await inFolder(async (folder) => {
			const file = join(folder, "schema.json");
			await writeFile(file, '{"type":"string"}');
			const $ref = pathToFileURL(file).href;
			const fault = `jsonschema: remote reference loading disabled: ${$ref}`;
			expect(verified({ $ref })).toEqual(arrayTerm([false, fault]));
			expect(matched("{}", { $ref })).toBeUndefined();
			// This is why: OPA reads it.
			expect(await opaEval("package a\n", `json.verify_schema({"$ref": "${$ref}"})`, {})).toEqual([
				true,
				null,
			]);
		});
	});
});

describe("schemas are compiled once", () => {
	const term = (text: string): Term => termFromJson(text) as Term;

	test("and kept by what they are, as texts and as objects", () => {
		const text = '{"properties":{"a":{"type":"string","enum":["x",1.0,null,true]}}}';
		expect(schemaOf(text)).toBe(schemaOf(`${text}`));
		expect(schemaOf(term(text))).toBe(schemaOf(term(text)));
		expect(schemaOf("{")).toBe(schemaOf("{"));
	});

	test("and never taken for another", () => {
		const terms: readonly Term[] = [
			arrayTerm([]),
			setTerm([]),
			objectTerm([]),
			arrayTerm([arrayTerm([]), arrayTerm([])]),
			arrayTerm([arrayTerm([arrayTerm([])])]),
			arrayTerm(["a", "b"]),
			arrayTerm(['a"1:b']),
			arrayTerm(["ab"]),
			arrayTerm([numberTerm("1"), numberTerm("2")]),
			arrayTerm([numberTerm("12")]),
			arrayTerm([numberTerm("1.0")]),
			arrayTerm(["1"]),
			arrayTerm([null]),
			arrayTerm(["null"]),
			arrayTerm([true, false]),
			objectTerm([["a", "b"]]),
			objectTerm([["a", arrayTerm(["b"])]]),
			objectTerm([[arrayTerm(["a"]), "b"]]),
			"[]",
			"{}",
			"null",
			null,
			true,
		];
		expect(new Set(terms.map(schemaOf)).size).toBe(terms.length);
	});

	test("and forgotten when others came", () => {
		const first = schemaOf('{"title":"first"}');
		for (let i = 0; i < 300; i++) schemaOf(`{"title":"other ${i}"}`);
		expect(schemaOf('{"title":"first"}')).not.toBe(first);
		const large = `{"title":"${"x".repeat(9_000_000)}"}`;
		expect(schemaOf(large)).not.toBe(schemaOf(large));
		// By what they take, not by their texts alone.
		const patterns = (name: string): string =>
			JSON.stringify({ allOf: Array.from({ length: 100 }, (_, i) => ({ pattern: `${name}${i}a{1000}` })) });
		const second = schemaOf(patterns("x"));
		expect(schemaOf(patterns("x"))).toBe(second);
		schemaOf(patterns("y"));
		schemaOf(patterns("z"));
		expect(schemaOf(patterns("x"))).not.toBe(second);
	});
});

test("numbers that are no JSON make no document", () => {
	const odd = objectTerm([["a", numberTerm(".5")]]);
	expect(call("json.verify_schema", odd)).toEqual(
		arrayTerm([false, 'jsonschema: json: invalid number literal ".5"']),
	);
	expect(call("json.match_schema", odd, "{}")).toBeUndefined();
	const key = objectTerm([[numberTerm(".5"), "a"]]);
	expect(call("json.match_schema", key, "{}")).toBeUndefined();
});
