import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { noteTraceField, readTraceContext, type TraceHeaders } from "../../../src/lib/trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const context = (sampled: boolean, traceId = TRACE) => ({ traceId, parentId: SPAN, sampled });

function read(fields: Readonly<Record<string, string | readonly string[]>>) {
	let headers: TraceHeaders | undefined;
	for (const [name, values] of Object.entries(fields))
		for (const value of [values].flat()) headers = noteTraceField(headers, name, value);
	return headers === undefined ? undefined : readTraceContext(headers);
}

describe("traceparent", () => {
	test.each([
		[`00-${TRACE}-${SPAN}-01`, context(true)],
		[`00-${TRACE}-${SPAN}-00`, context(false)],
		[`00-${TRACE}-${SPAN}-03`, context(true)],
		[`00-${TRACE}-${SPAN}-02`, context(false)],
		// A later version: what follows is passed over.
		[`cc-${TRACE}-${SPAN}-01`, context(true)],
		[`cc-${TRACE}-${SPAN}-01-what-comes`, context(true)],
		[`00-${TRACE}-${SPAN}-01-more`, undefined],
		[`cc-${TRACE}-${SPAN}-01.`, undefined],
		[`ff-${TRACE}-${SPAN}-01`, undefined],
		[`00-${"0".repeat(32)}-${SPAN}-01`, undefined],
		[`00-${TRACE}-${"0".repeat(16)}-01`, undefined],
		[`00-${TRACE.toUpperCase()}-${SPAN}-01`, undefined],
		[`00-${TRACE}-${SPAN}-1`, undefined],
		[`00-${TRACE.slice(1)}-${SPAN}-01`, undefined],
		[` 00-${TRACE}-${SPAN}-01`, undefined],
		["", undefined],
	])("%s", (text, wanted) => {
		expect(read({ traceparent: text })).toEqual(wanted);
	});

	test("that comes twice is none", () => {
		const one = `00-${TRACE}-${SPAN}-01`;
		expect(read({ traceparent: [one, one] })).toBeUndefined();
	});

	test("is taken before B3, and B3 where it is malformed", () => {
		const b3 = `${"1".repeat(32)}-${SPAN}-0`;
		expect(read({ b3, traceparent: `00-${TRACE}-${SPAN}-01` })).toEqual(context(true));
		expect(read({ b3, traceparent: "00-1-2-01" })).toEqual(context(false, "1".repeat(32)));
	});
});

describe("B3 in one field", () => {
	test.each([
		[`${TRACE}-${SPAN}-1`, context(true)],
		[`${TRACE}-${SPAN}-d`, context(true)],
		[`${TRACE}-${SPAN}-0`, context(false)],
		[`${TRACE}-${SPAN}`, context(false)],
		[`${TRACE}-${SPAN}-1-05e3ac9a4f6e3b90`, context(true)],
		[`${TRACE.toUpperCase()}-${SPAN.toUpperCase()}-1`, context(true)],
		[`${SPAN}-${SPAN}-1`, context(true, `${"0".repeat(16)}${SPAN}`)],
		["0", undefined],
		["1", undefined],
		[`${TRACE}-${SPAN}-2`, undefined],
		[`${TRACE}-${SPAN}-1-05e3`, undefined],
		[`${"0".repeat(32)}-${SPAN}-1`, undefined],
		[`${TRACE}-${"0".repeat(16)}-1`, undefined],
	])("%s", (text, wanted) => {
		expect(read({ b3: text })).toEqual(wanted);
	});
});

describe("B3 in several fields", () => {
	const ids = { "x-b3-traceid": TRACE, "x-b3-spanid": SPAN };
	test.each([
		[{ ...ids, "x-b3-sampled": "1" }, context(true)],
		[{ ...ids, "x-b3-sampled": "true" }, context(true)],
		[{ ...ids, "x-b3-flags": "1" }, context(true)],
		[{ ...ids, "x-b3-flags": "0" }, context(false)],
		[{ ...ids, "x-b3-sampled": "0" }, context(false)],
		[ids, context(false)],
		[{ ...ids, "x-b3-traceid": SPAN }, context(false, `${"0".repeat(16)}${SPAN}`)],
		[{ "x-b3-traceid": TRACE, "x-b3-sampled": "1" }, undefined],
		[{ "x-b3-sampled": "1" }, undefined],
		[{ ...ids, "x-b3-spanid": "xyz" }, undefined],
		[{ ...ids, "x-b3-traceid": [TRACE, TRACE] }, undefined],
	] as const)("%j", (fields, wanted) => {
		expect(read(fields)).toEqual(wanted);
	});
});

test("whatever comes, an answer holds ids and nothing else", () => {
	const hex = (length: number) =>
		fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });
	const part = fc.oneof(
		hex(32),
		hex(16),
		hex(2),
		fc.constantFrom("00", "ff", "0", "1", "d", ""),
		fc.string(),
	);
	const value = fc.oneof(
		fc.array(part, { maxLength: 5 }).map((parts) => parts.join("-")),
		fc.string(),
	);
	const names = ["traceparent", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags", "cookie"];
	fc.assert(
		fc.property(fc.dictionary(fc.constantFrom(...names), value), (fields) => {
			const found = read(fields);
			if (found === undefined) return;
			expect(found.traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
			expect(found.parentId).toMatch(/^(?!0+$)[0-9a-f]{16}$/);
			expect(Object.keys(found)).toHaveLength(3);
		}),
		{ numRuns: 2000 },
	);
});

test("what a caller writes by the specification is read as it was meant", () => {
	const id = (length: number) =>
		fc
			.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length })
			.filter((text) => !/^0+$/.test(text));
	fc.assert(
		fc.property(id(32), id(16), fc.boolean(), (traceId, parentId, sampled) => {
			const wanted = { traceId, parentId, sampled };
			const state = sampled ? "1" : "0";
			expect(read({ traceparent: `00-${traceId}-${parentId}-0${state}` })).toEqual(wanted);
			expect(read({ b3: `${traceId}-${parentId}-${state}` })).toEqual(wanted);
			expect(read({ "x-b3-traceid": traceId, "x-b3-spanid": parentId, "x-b3-sampled": state })).toEqual(
				wanted,
			);
		}),
	);
});
