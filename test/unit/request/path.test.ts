import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parsePath, pathAmbiguity } from "../../../src/request/path.ts";
import { corporaDir } from "../../support/corpora.ts";

const read = (path: string | Buffer) => {
	const bytes = Buffer.from(path);
	return parsePath(bytes, 0, bytes.length);
};
const ambiguity = (path: string | Buffer) => {
	const bytes = Buffer.from(path);
	return pathAmbiguity(bytes, 0, bytes.length);
};

describe("parsed_path and parsed_query are what the peer makes of a path", () => {
	test.each([
		["", [""]],
		["/", [""]],
		["//", [""]],
		["/a/", ["a", ""]],
		["//x/people", ["x", "people"]],
		["/a//b", ["a", "", "b"]],
		["/a%2Fb", ["a", "b"]],
		["%2F%2Fa", ["a"]],
		["/a+b", ["a+b"]],
		["/%C3%A9", ["é"]],
		["/é", ["é"]],
		["/a%2525b", ["a%25b"]],
		["/./a/..;/b", [".", "a", "..;", "b"]],
		["*", ["*"]],
	])("%s", (path, segments) => {
		expect(read(path)).toMatchObject({ ok: true, segments });
	});
	test("each byte that is no UTF-8 is one U+FFFD, as Go prints it", () => {
		expect(read("/%ff%e2%82x")).toMatchObject({ segments: ["\ufffd\ufffd\ufffdx"] });
		expect(read("/%c3%28")).toMatchObject({ segments: ["\ufffd("] });
	});
	test.each(["/%zz", "/%2", "/%", "/a?b=%", "/a?%zz=1", "/a?a;b", "/a?b=1;"])("%s is unreadable", (path) => {
		expect(read(path).ok).toBe(false);
	});
	test.each([
		["/a?", {}],
		["/a?b", { b: [""] }],
		["/a?=b", { "": ["b"] }],
		["/a?&&b=1&", { b: ["1"] }],
		["/a?b=c=d&b=c?d", { b: ["c=d", "c?d"] }],
		["/a?b=+c&d=%2B&+=1", { b: [" c"], d: ["+"], " ": ["1"] }],
		["/a?a=%3B", { a: [";"] }],
		["/a?b=#x", { b: ["#x"] }],
	])("query of %s", (path, query) => {
		const result = read(path);
		expect(result.ok && Object.fromEntries(result.query)).toEqual(query);
	});
	test("__proto__ is a name like any other", () => {
		const result = read("/a?__proto__=1");
		expect(result.ok && [...result.query]).toEqual([["__proto__", ["1"]]]);
	});
});

describe("a path that two readers could see differently is found", () => {
	test.each([
		"/a%2fb",
		"/a%2Fb",
		"/a%5cb",
		"/a\\b",
		"/a%252fb",
		"/a%25b",
		"/a%00",
		"/a%0d%0ab",
		"/a\tb",
		"/a b",
		"/a%7f",
		"/./a",
		"/../a",
		"/a/..",
		"/a/.",
		"/%2e%2e/a",
		"/%2E/a",
		"/.%2e/a",
		"/a;v=1/b",
		"/a/..;/b",
		"/a%3bv",
		"/a#b",
		"/a%23b",
		"/a%3fb=1",
		"//a",
		"/a//b",
		"a/b",
		"",
		"http://evil.test/a",
		"/é",
		"/%ff",
		"/%c0%af",
		"/%zz",
		"/%",
		"/%ef%bc%8f",
		"/%ef%bc%8e%ef%bc%8e/a",
	])("%s", (path) => {
		expect(ambiguity(path)).toEqual(expect.any(String));
	});
	test("raw bytes outside ASCII and NUL", () => {
		expect(ambiguity(Buffer.from([0x2f, 0xff]))).toBeDefined();
		expect(ambiguity(Buffer.from([0x2f, 0x00]))).toBeDefined();
	});
	test.each([
		"/",
		"/a",
		"/a/",
		"/a/b.c/...",
		"/.well-known/x",
		"/a..b/c",
		"/%61dmin",
		"/caf%C3%A9",
		"/a%20b",
		"/a?x=%2f..//;",
		"/a~b-c_d",
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
