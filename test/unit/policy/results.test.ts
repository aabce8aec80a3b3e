import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createResultReader } from "../../../src/policy/wasm/results.ts";
import { parseResultSet } from "../../../src/policy/wasm/value-dump.ts";

const resultOf = (value: unknown): string => `{{"result": ${JSON.stringify(value)}}}`;

test("results that come again are the same object, and what a reader without a memory reads", () => {
	const read = createResultReader(64);
	const values = fc.oneof(fc.constantFrom("a", "b", { allowed: true }, [1], 1), fc.jsonValue());
	fc.assert(
		fc.property(values, (value) => {
			const text = resultOf(value);
			const first = read(text);
			expect(first).toEqual(parseResultSet(text, 64));
			expect(read(text)).toBe(first);
		}),
	);
	expect(read("set()")).toEqual({ kind: "undefined" });
});

test("long texts are read and not kept, and so are those that were used least", () => {
	const read = createResultReader(64);
	const long = resultOf("x".repeat(3000));
	expect(read(long)).toEqual(read(long));
	expect(read(long)).not.toBe(read(long));
	const first = read(resultOf({ number: 0 }));
	for (let number = 1; number <= 256; number++) read(resultOf({ number }));
	expect(read(resultOf({ number: 0 }))).not.toBe(first);
});

test("what is no result is refused as often as it comes", () => {
	const read = createResultReader(64);
	for (let time = 0; time < 2; time++) expect(() => read("{{}")).toThrow("no result set");
});
