import { describe, expect, test } from "@jest/globals";
import { readDocuments } from "../../../src/config/yaml-documents.ts";
import type { Placed } from "../../../src/lib/placed.ts";
import { mergeMessages } from "../../../src/mesh/merge.ts";
import {
	bytesAt,
	camelCase,
	enumAt,
	fieldOf,
	numberAt,
	placeAt,
	secondsAt,
	textAt,
	truthAt,
} from "../../../src/mesh/read-node.ts";

function tree(text: string): Placed {
	const [first] = readDocuments(text, "f").documents;
	if (first === undefined) throw new Error("no document");
	return first;
}

test("a field goes by either of its names; of both the later counts", () => {
	expect(["failure_mode_allow", "http2_protocol_options", "x"].map(camelCase)).toEqual([
		"failureModeAllow",
		"http2ProtocolOptions",
		"x",
	]);
	const node = tree("failureModeAllow: true\nfailure_mode_allow: false\nother: 1\n");
	expect(fieldOf(node, "failure_mode_allow")?.place.line).toBe(2);
	expect(fieldOf(tree("failureModeAllow: 1"), "failure_mode_allow")?.key).toBe("failureModeAllow");
	expect(fieldOf(node, "failure_mode")).toBeUndefined();
});

test("booleans are those of Envoy and Kubernetes, quoted ones too", () => {
	const words = [
		"true",
		"yes",
		"Y",
		"on",
		'"true"',
		"TRUE",
		"false",
		"no",
		"n",
		"Off",
		"'false'",
		"1",
		"x",
		"null",
	];
	expect(words.map((word) => truthAt(tree(`a: ${word}`), "a"))).toEqual([
		...Array(6).fill(true),
		...Array(5).fill(false),
		...Array(3).fill(undefined),
	]);
	expect(truthAt(tree(`a: $${"{X}"}`), "a")).toBeUndefined();
});

test.each([
	["0.5s", 0.5],
	["600s", 600],
	["500ms", 0.5],
	["1m30s", 90],
	["1h", 3600],
	["2us", 0.000002],
	["0s", 0],
	["10", undefined],
	["s", undefined],
	["-1s", undefined],
])("%s is a duration", (text, seconds) => {
	expect(secondsAt(tree(`a: ${text}`), "a")).toBe(seconds);
});

test.each([
	["1048576", 1_048_576],
	["32Ki", 32_768],
	["1Mi", 1_048_576],
	["2M", 2_000_000],
	["1.5Gi", 1_610_612_736],
	["many", undefined],
	["-1", undefined],
])("%s is an amount of bytes", (text, bytes) => {
	expect(bytesAt(tree(`a: ${text}`), "a")).toBe(bytes);
});

test("numbers may be quoted; enums come by name in any case, or by number", () => {
	expect([numberAt(tree('a: "5"'), "a"), numberAt(tree("a: 1e3"), "a"), numberAt(tree("a: x"), "a")]).toEqual(
		[5, 1000, undefined],
	);
	const modes = ["NONE", "STREAMED", "BUFFERED"];
	expect(
		["buffered", "2", '"2"', "BUFFERED", "7"].map((word) => enumAt(tree(`a: ${word}`), modes, "a")),
	).toEqual(["BUFFERED", "BUFFERED", "BUFFERED", "BUFFERED", "7"]);
});

test("what is missing is placed at the nearest field above it", () => {
	const node = tree("a:\n  b: 1\n");
	const otherwise = { file: "f", line: 9, column: 9 };
	expect(placeAt(node, otherwise, "a", "b", "c").line).toBe(2);
	expect(placeAt(node, otherwise, "a", "x").line).toBe(1);
	expect(placeAt(node, otherwise, "x")).toBe(otherwise);
});

describe("merging", () => {
	const merged = (base: string, patch: string) => {
		const [left, right] = [tree(base), tree(patch)];
		if (left.kind !== "map" || right.kind !== "map") throw new Error("no map");
		return mergeMessages(left, right);
	};

	test("is protobuf's: maps by field, lists one behind the other, the rest replaced", () => {
		const node = merged("a: {b: 1, c: 2}\nl: [1]\ns: x\n", "a: {c: 3, d: 4}\nl: [2]\ns: y\nn: z\n");
		expect(["b", "c", "d"].map((name) => textAt(node, "a", name))).toEqual(["1", "3", "4"]);
		expect(fieldOf(node, "l")?.value).toMatchObject({ items: [{ value: 1 }, { value: 2 }] });
		expect([textAt(node, "s"), textAt(node, "n")]).toEqual(["y", "z"]);
	});

	test("takes both names of a field for one", () => {
		const node = merged("fail_open: true", "failOpen: false");
		expect([node.entries.length, truthAt(node, "fail_open")]).toEqual([1, false]);
	});
});
