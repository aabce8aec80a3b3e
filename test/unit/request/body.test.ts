import { describe, expect, test } from "@jest/globals";
import { type BodyRules, readBody } from "../../../src/request/body.ts";
import type { HeaderFacts } from "../../../src/request/headers.ts";

const STRICT: BodyRules = {
	maxDepth: 20,
	maxParts: 10,
	maxPartHeaderBytes: 256,
	lenient: false,
};
const LENIENT: BodyRules = { ...STRICT, lenient: true };
const JSON_TYPE = { contentType: "application/json" };

function read(
	text: string | Buffer,
	headers: Partial<HeaderFacts> = JSON_TYPE,
	rules = STRICT,
	framed = true,
	raw = true,
) {
	const bytes = Buffer.from(text);
	const facts: HeaderFacts = { authorization: [], redirected: false, upgrade: false, ...headers };
	const source = { bytes, start: 0, end: bytes.length, headers: facts, framed, raw, segments: ["s.S", "M"] };
	return readBody(source, rules);
}
const stateOf = (...given: Parameters<typeof read>) => {
	const body = read(...given);
	return body.kind === "malformed" ? "malformed" : body.state;
};

describe("no body", () => {
	test("none announced is absent, one announced and not sent is not_sent", () => {
		expect(stateOf("", {})).toBe("absent");
		expect(stateOf("", { contentLength: "0" })).toBe("absent");
		expect(stateOf("", { contentLength: "12" })).toBe("not_sent");
		expect(stateOf("", { transferEncoding: "chunked" })).toBe("not_sent");
	});
	test("over HTTP/2 a content type announces one, for a length need not be given there", () => {
		expect(stateOf("", JSON_TYPE, STRICT, false)).toBe("not_sent");
		expect(stateOf("", { ...JSON_TYPE, contentLength: "0" }, STRICT, false)).toBe("absent");
		expect(stateOf("", JSON_TYPE, STRICT, true)).toBe("absent");
	});
	test("a cut one is truncated whatever it holds", () => {
		expect(stateOf('{"a', { ...JSON_TYPE, partialBody: "true" })).toBe("truncated");
		expect(stateOf('{"a":1}', { ...JSON_TYPE, contentLength: "500" })).toBe("truncated");
	});
});

describe("types", () => {
	test.each([
		"application/json",
		"Application/JSON; charset=utf-8",
		"application/vnd.api+json",
		"application/merge-patch+json",
	])("%s is JSON", (contentType) => {
		expect(read('{"a":1}', { contentType })).toMatchObject({ kind: "json", state: "parsed" });
	});
	test.each([
		"text/json",
		"application/jsonp",
		"application/json-seq",
		"application/x-ndjson",
		"application/grpc+json",
		"application/json, text/plain",
		"multipart/form-data",
		"multipart/mixed; boundary=x",
		"application/json; charset=utf-16",
		"text/plain",
	])("%s is not read", (contentType) => {
		expect(stateOf('{"a":1}', { contentType })).toBe("unparsed");
	});
	test("without a type nothing is read", () => {
		expect(stateOf('{"a":1}', {})).toBe("unparsed");
	});
	test("encoded bodies are compressed; the compatibility profile finds them malformed, as the peer does", () => {
		const headers = { ...JSON_TYPE, contentEncoding: "gzip" };
		expect(stateOf(Buffer.from([0x1f, 0x8b, 8]), headers)).toBe("compressed");
		expect(stateOf(Buffer.from([0x1f, 0x8b, 8]), headers, LENIENT)).toBe("malformed");
		expect(stateOf("1", { ...JSON_TYPE, contentEncoding: "identity" })).toBe("parsed");
	});
});

describe("gzip", () => {
	const gunzip = (body: Buffer) =>
		body.toString() === "bomb"
			? "too_large"
			: body.toString() === "bad"
				? "malformed"
				: Buffer.from('{"a":1}');
	const rules = { ...STRICT, gunzip };
	const headers = { ...JSON_TYPE, contentEncoding: "GZip" };

	test("is undone where it can be, and the length is that of what was sent", () => {
		expect(read("packed", headers, rules)).toMatchObject({ kind: "json", state: "parsed" });
		expect(stateOf("packed", { ...headers, contentLength: "6" }, rules)).toBe("parsed");
		expect(stateOf("packed", { ...headers, contentLength: "7" }, rules)).toBe("truncated");
		expect(stateOf("packed", { ...headers, contentEncoding: "x-gzip" }, rules)).toBe("parsed");
	});
	test("over its limit it is too large, and malformed when it is none", () => {
		expect(stateOf("bomb", headers, rules)).toBe("too_large");
		expect(stateOf("bad", headers, rules)).toBe("malformed");
	});
	test("other codings stay compressed, two of them too, and types that are not read are not undone", () => {
		expect(stateOf("packed", { ...headers, contentEncoding: "br" }, rules)).toBe("compressed");
		expect(stateOf("packed", { ...headers, contentEncoding: "gzip,gzip" }, rules)).toBe("compressed");
		expect(stateOf("bomb", { ...headers, contentType: "text/plain" }, rules)).toBe("unparsed");
	});
	test("the compatibility profile undoes none", () => {
		expect(stateOf("packed", headers, { ...LENIENT, gunzip })).toBe("malformed");
	});
});

describe("two readings", () => {
	test.each([
		['{"a":1,"a":2}', JSON_TYPE],
		['"\\ud800"', JSON_TYPE],
		["a=%ff", { contentType: "application/x-www-form-urlencoded" }],
		["[1]  ", { ...JSON_TYPE, contentLength: "3" }],
	])("%s is ambiguous", (text, headers) => {
		expect(stateOf(text, headers)).toBe("ambiguous");
	});
});

describe("unreadable", () => {
	test.each([
		["{", JSON_TYPE],
		["{1,2}", JSON_TYPE],
		["[".repeat(21) + "]".repeat(21), JSON_TYPE],
		["a;b", { contentType: "application/x-www-form-urlencoded" }],
		["1", { ...JSON_TYPE, contentLength: "abc" }],
		["1", { ...JSON_TYPE, contentLength: "" }],
		["1", { ...JSON_TYPE, contentLength: " 1" }],
		["1", { ...JSON_TYPE, contentLength: "0x1" }],
		["1", { ...JSON_TYPE, contentLength: "99999999999999999999" }],
		["1", { ...JSON_TYPE, contentLength: "+1" }],
	])("%s", (text, headers) => {
		expect(stateOf(text, headers)).toBe("malformed");
	});
	test("a signed length is read as Go reads it in the compatibility profile alone", () => {
		expect(stateOf("1", { ...JSON_TYPE, contentLength: "+1" }, LENIENT)).toBe("parsed");
		expect(stateOf("1", { ...JSON_TYPE, contentLength: "+2" }, LENIENT)).toBe("truncated");
	});
	test("a bad length of a type that is not read does not matter", () => {
		expect(stateOf("x", { contentType: "text/plain", contentLength: "abc" })).toBe("unparsed");
	});
});

test("forms are names with lists of values", () => {
	const body = read("a=1&a=2&b", { contentType: "application/x-www-form-urlencoded" });
	expect(body.kind === "form" && [...body.fields]).toEqual([
		["a", ["1", "2"]],
		["b", [""]],
	]);
});
