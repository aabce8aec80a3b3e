import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { HOST_BUILTINS } from "../../../../src/policy/builtins/table.ts";
import { termFromJson } from "../../../../src/policy/term/from-json.ts";
import type { Term } from "../../../../src/policy/term/term.ts";
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

describe("json.patch", () => {
	const DOCUMENTS = [
		{ a: { b: { c: 1 } }, l: [1, [2, 3], { x: 4 }], "a/b": 1, "m~n": 2, "": { "": 5 } },
		[
			{ n: "a", v: [1] },
			{ n: "b", v: [2] },
			{ n: "c", v: [3] },
		],
		[[1], [2], [3]],
		"scalar",
		{ $set: [1, "a", 2] },
		null,
	];
	const PATHS = [
		"",
		"/",
		"//a",
		"a/b",
		"/a",
		"/a/b",
		"/a/b/c",
		"/a/x",
		"/a~1b",
		"/m~0n",
		"/l",
		"/l/0",
		"/l/1",
		"/l/1/0",
		"/l/2/x",
		"/l/-",
		"/l/3",
		"/l/9",
		"/l/-1",
		"/l/01",
		"/l/+1",
		"/l/1.0",
		"/0",
		"/0/v",
		"/0/v/0",
		"/1/v/0",
		"/1/0",
		"/2",
		"/2/0",
		"/-",
		"/.",
		["a", "b"],
		["l", 1],
		[0, "v"],
		[1],
		[{ a: 1 }],
		[null],
		1,
		null,
	];

	test("every operation at every path is what OPA makes of it", async () => {
		const operations = PATHS.flatMap((path) => [
			{ op: "add", path, value: { new: [9] } },
			{ op: "remove", path },
			{ op: "replace", path, value: 7 },
			{ op: "test", path, value: 1 },
			{ op: "copy", from: path, path: "/a/y" },
			{ op: "copy", from: path, path: "/1/z" },
			{ op: "move", from: path, path: "/l/0" },
			{ op: "move", from: "/0", path },
		]);
		const calls = DOCUMENTS.flatMap((document) =>
			operations.filter(keepsARoot).map((operation): Call => ["json.patch", [document, [operation]]]),
		);
		expect(await differences(calls)).toEqual([]);
	});

	test("random patches do what OPA's do, its mistakes included", async () => {
		const path = fc.constantFrom(...PATHS.filter((one) => one !== ""));
		const value = fc.constantFrom<unknown>(1, "x", [1, 2], { a: [3], b: { c: 4 } }, null, [[5], { v: [6] }]);
		const operation = fc.oneof(
			fc.record({ op: fc.constantFrom("add", "add", "replace", "test"), path, value }),
			fc.record({ op: fc.constant("remove"), path }),
			fc.record({ op: fc.constantFrom("move", "copy"), from: path, path }),
		);
		const lists = fc.sample(
			fc.tuple(
				fc.constantFrom(...DOCUMENTS.slice(0, 3)),
				fc.array(operation, { minLength: 1, maxLength: 4 }),
			),
			{ numRuns: 4000, seed: 21 },
		);
		expect(await differences(lists.map((args): Call => ["json.patch", args]))).toEqual([]);
	});

	test("what is no patch is refused", async () => {
		const calls = callsOf(
			"json.patch",
			[{}, {}],
			[{}, [1]],
			[{}, [{}]],
			[{}, [{ op: "add" }]],
			[{}, [{ path: "/a" }]],
			[{}, [{ op: 1, path: "/a" }]],
			[{}, [{ op: "nope", path: "/a" }]],
			[{}, [{ op: "add", path: "/a" }]],
			[{}, [{ op: "move", path: "/a" }]],
			[{ a: 1 }, [{ op: "test", path: "/a" }]],
			[{ a: 1 }, []],
			[1, []],
			[{ a: 1 }, [{ op: "add", path: "/b", value: null, extra: 1 }]],
		);
		expect(await differences(calls)).toEqual([]);
	});

	test("copies of copies cannot fill the memory, and nothing is no value", () => {
		const call = (document: unknown, operations: unknown) =>
			HOST_BUILTINS.get("json.patch")?.(
				[document, operations].map((one) => termFromJson(JSON.stringify(one)) as Term),
				undefined as never,
			);
		const copies = Array.from({ length: 60 }, (_, i) => ({ op: "copy", from: "", path: `/a${i}` }));
		expect(() => call({ a: 1 }, copies)).toThrow("too large");
		// OPA itself crashes here.
		expect(() => call({ a: 1 }, [{ op: "remove", path: "" }])).toThrow("removed");
	});
});

/** OPA crashes when it removes everything. */
function keepsARoot(operation: {
	readonly op: string;
	readonly path: unknown;
	readonly from?: unknown;
}): boolean {
	return !(
		(operation.op === "remove" && operation.path === "") ||
		(operation.op === "move" && operation.from === "")
	);
}
