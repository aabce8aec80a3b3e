import { describe, expect, test } from "@jest/globals";
import { parsePath } from "../../../src/request/path.ts";

const read = (path: string | Buffer) => {
	const bytes = Buffer.from(path);
	return parsePath(bytes, 0, bytes.length);
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
