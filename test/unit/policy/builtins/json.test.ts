import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Call, callsOf, differences } from "../../../support/builtin-oracle.ts";

describe("json.marshal_with_options", () => {
	const OPTIONS = [
		{},
		{ pretty: true },
		{ pretty: false },
		{ indent: "--" },
		{ indent: "" },
		{ prefix: "> " },
		{ prefix: "" },
		{ prefix: "p", indent: "i", pretty: false },
		{ prefix: "p", indent: " ", pretty: true },
		{ bogus: 1 },
		{ pretty: 1 },
		{ indent: 1 },
		{ prefix: null },
		{ pretty: null },
		[],
		null,
		"x",
		{ pretty: true, other: "" },
	];
	const VALUES = [
		null,
		1,
		"a",
		'a"\\:,[]{}<&\u2028',
		[],
		{},
		[[]],
		[{}],
		{ a: [] },
		{ a: { b: [1, "x", null, { c: true }] }, "": 1.5 },
		[1, [2, [3]]],
		{ "\\": "\\\\", '"': '"' },
	];

	test("writes every value by every option as Go does", async () => {
		const calls = VALUES.flatMap((value) =>
			OPTIONS.map((options): Call => ["json.marshal_with_options", [value, options]]),
		);
		expect(
			await differences([
				...calls,
				...callsOf("json.marshal_with_options", [{ $set: [2, 1] }, { pretty: true }]),
			]),
		).toEqual([]);
	});

	test("writes random values as Go does", async () => {
		const values = fc.sample(fc.jsonValue({ maxDepth: 4 }), { numRuns: 500, seed: 12 });
		expect(
			await differences(
				values.map((value): Call => ["json.marshal_with_options", [value, { indent: " ", prefix: "|" }]]),
			),
		).toEqual([]);
	});
});
