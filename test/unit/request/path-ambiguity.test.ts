import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { PATH_KINDS, type PathKind } from "../../../src/lib/path-kinds.ts";
import { pathAmbiguity } from "../../../src/request/path-ambiguity.ts";
import { corporaDir } from "../../support/corpora.ts";
import { growth } from "../../support/growth.ts";

const ambiguity = (path: string | Buffer) => {
	const bytes = Buffer.from(path);
	return pathAmbiguity(bytes, 0, bytes.length);
};

describe("a path that two readers could see differently is found, with every kind that it shows", () => {
	test.each<[string, PathKind[]]>([
		["/a%2fb", ["encoded-slash"]],
		["/a%2Fb", ["encoded-slash"]],
		["/a%5cb", ["backslash"]],
		["/a\\b", ["backslash"]],
		["/a%25b", ["encoded-percent"]],
		["/a%252fb", ["encoded-slash", "encoded-percent"]],
		["/a%00", ["control"]],
		["/a%0d%0ab", ["control"]],
		["/a\tb", ["control"]],
		["/a b", ["control"]],
		["/a%7f", ["control"]],
		["/./a", ["dot-segment"]],
		["/../a", ["dot-segment"]],
		["/a/..", ["dot-segment"]],
		["/a/.", ["dot-segment"]],
		["/%2e%2e/a", ["dot-segment"]],
		["/%2E/a", ["dot-segment"]],
		["/.%2e/a", ["dot-segment"]],
		["/a;v=1/b", ["semicolon"]],
		["/a%3bv", ["semicolon"]],
		["/a#b", ["delimiter"]],
		["/a%23b", ["delimiter"]],
		["/a%3fb=1", ["delimiter"]],
		["//a", ["double-slash"]],
		["/a//b", ["double-slash"]],
		["/a/b//", ["double-slash"]],
		["/é", ["non-ascii"]],
		["/%ff", ["invalid-utf8"]],
		["/caf%e9", ["invalid-utf8"]],
		["/a%ef%bc%8fb", ["lookalike"]],
		["/a%ef%bc%bcb", ["lookalike"]],
		["/a%ef%bc%852eb", ["lookalike"]],
		["/%e2%80%a5/a", ["dot-segment", "lookalike"]],
		["/%ef%bc%8e%ef%bc%8e/a", ["dot-segment", "lookalike"]],
	])("%s", (path, kinds) => {
		expect(ambiguity(path)).toEqual({ kinds });
	});

	test.each<[string, PathKind[]]>([
		["/a/..;/b", ["semicolon", "dot-segment"]],
		["/a/..;x=1/b", ["semicolon", "dot-segment"]],
		["/a/%2e%2e%3bx/b", ["semicolon", "dot-segment"]],
		["/a/..%2fb", ["encoded-slash", "dot-segment"]],
		["/a%2f..%2fb", ["encoded-slash", "dot-segment"]],
		["/a%2f%2fb", ["encoded-slash", "double-slash"]],
		["/a/%2fb", ["encoded-slash", "double-slash"]],
		["/a/..\\b", ["backslash", "dot-segment"]],
		["/a%5c..%5cb", ["backslash", "dot-segment"]],
		["/a\\\\b", ["backslash", "double-slash"]],
		["/;x/b", ["semicolon", "double-slash"]],
		["/a/..%00/b", ["dot-segment", "control"]],
		["/%252e%252e/a", ["encoded-percent", "dot-segment"]],
		["/%25252e%25252e/a", ["encoded-percent", "dot-segment"]],
		["/a%255cb", ["encoded-percent", "backslash"]],
		["/a%253bb", ["encoded-percent", "semicolon"]],
		["/a%2500", ["encoded-percent", "control"]],
		["/100%25", ["encoded-percent"]],
		["/a%25zz%252e%252e", ["encoded-percent"]],
	])("%s, where one kind hides another", (path, kinds) => {
		expect(ambiguity(path)).toEqual({ kinds });
	});

	test("raw bytes outside ASCII and NUL", () => {
		expect(ambiguity(Buffer.from([0x2f, 0xff]))).toEqual({ kinds: ["non-ascii", "invalid-utf8"] });
		expect(ambiguity(Buffer.from([0x2f, 0x00]))).toEqual({ kinds: ["control"] });
	});

	test.each([
		["", "an empty path"],
		["?a", "an empty path"],
		["a/b", "no leading slash"],
		["*x", "no leading slash"],
		["http://evil.test/a", "no leading slash"],
		["/%zz", "an invalid escape"],
		["/%", "an invalid escape"],
		["/%2", "an invalid escape"],
		["/%uff0e/a", "an invalid escape"],
		["/%c0%af", "an overlong form of a character"],
		["/%c0%2f", "an overlong form of a character"],
		["/%e0%80%ae", "an overlong form of a character"],
		["/%f0%80%80%ae", "an overlong form of a character"],
		["/%fc%80%80%80%80%ae", "an overlong form of a character"],
		["/%25c0%25af", "an overlong form of a character"],
		["/%25252525252e", "escapes inside of escapes"],
	])("%s means nothing that could be allowed: %s", (path, hopeless) => {
		expect(ambiguity(path)).toMatchObject({ hopeless });
	});

	test("escapes without end cost no more than their number", () => {
		const [some, many] = [50_000, 400_000].map((count) => `/%${"25".repeat(count)}`) as [string, string];
		expect(ambiguity(many)).toMatchObject({ hopeless: "escapes inside of escapes" });
		expect(
			growth(
				() => ambiguity(some),
				() => ambiguity(many),
			),
		).toBeLessThan(32);
	});

	test("each kind is shown by some path above", () => {
		const shown = ["/a%2f%25%3f\\;/..//%01é%ff", "/%ef%bc%8f"].flatMap(
			(path) => ambiguity(path)?.kinds ?? [],
		);
		expect(PATH_KINDS.filter((kind) => !shown.includes(kind))).toEqual([]);
	});

	test.each([
		"/",
		"/a",
		"/a/",
		"/a/b.c/...",
		"/.well-known/x",
		"/a..b/c",
		"/..a",
		"/a/.b",
		"/%61dmin",
		"/caf%C3%A9",
		"/50%ef%bc%85",
		"/a%20b",
		"/a%2eb",
		"/a?x=%2f..//;",
		"/a~b-c_d",
		"/a:b@c!$&'()*+,=",
		"*",
	])("%s is read in one way", (path) => {
		expect(ambiguity(path)).toBeUndefined();
	});
});

const folder = corporaDir();
const lists = folder === undefined ? "" : join(folder, "paths");
(existsSync(lists) ? test : test.skip)("no path of the traversal lists climbs or splits unseen", () => {
	const climbing: string[] = [];
	let count = 0;
	for (const file of readdirSync(lists).filter((name) => name.endsWith(".txt"))) {
		for (const line of readFileSync(join(lists, file), "latin1").split("\n")) {
			const path = `/${line.replace(/\r$/, "")}`;
			count++;
			if (ambiguity(Buffer.from(path, "latin1")) !== undefined) continue;
			// Let through: then decoding once more, or normalising, must not change the segments.
			const decoded = decodeURIComponent(path.replace(/\?.*$/s, ""));
			const normal = new URL(`http://x${path}`).pathname;
			const same =
				decoded.split("/").length === normal.split("/").length && !/(?:^|\/)\.\.?(?:\/|$)/.test(decoded);
			if (!same || decoded.includes("%") || /[\\;\r\n]/.test(decoded)) climbing.push(path);
		}
	}
	expect(climbing).toEqual([]);
	expect(count).toBeGreaterThan(3000);
});
