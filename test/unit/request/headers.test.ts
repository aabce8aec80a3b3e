import { describe, expect, test } from "@jest/globals";
import { readHeaders } from "../../../src/request/headers.ts";

function read(pairs: readonly (readonly [string, string])[]) {
	const spans: number[] = [];
	let text = "";
	for (const part of pairs.flat()) {
		spans.push(text.length, text.length + part.length);
		text += part;
	}
	return readHeaders({ bytes: Buffer.from(text, "latin1"), spans });
}

describe("single-valued headers", () => {
	test.each(["host", "content-length", "content-type", "authorization", ":path", "range", "user-agent"])(
		"%s given twice is a repeat",
		(name) => {
			expect(
				read([
					[name, "a"],
					["x-a", "1"],
					[name, "a"],
				]).repeated,
			).toBe(name);
		},
	);
	test("headers that are lists may come twice", () => {
		expect(
			read([
				["accept", "a"],
				["accept", "b"],
				["cookie", "a"],
				["cookie", "b"],
				["x-y", "1"],
				["x-y", "2"],
			]).repeated,
		).toBeUndefined();
	});
	test.each([
		[":authority", "a.test,b.test"],
		["host", "a.test,b.test"],
		["content-length", "1,1"],
		["authorization", "Bearer a,Bearer b"],
		["authorization", "basic YTpi,Bearer x"],
		["content-type", "application/json,text/plain"],
		["content-type", 'multipart/form-data; boundary="a\\"b",application/json'],
	])("joined by the sender, the comma in %s: %s shows it", (name, value) => {
		expect(read([[name, value]]).repeated).toBe(name);
	});
	test.each([
		["authorization", 'Digest username="a", realm="b"'],
		["user-agent", "Mozilla/5.0 (X11, Linux)"],
		["content-type", 'multipart/form-data; boundary="a,b"'],
		[":path", "/a,b"],
	])("a comma that belongs to %s: %s does not", (name, value) => {
		expect(read([[name, value]]).repeated).toBeUndefined();
	});
});

test("what the service reads is there, what is absent is absent", () => {
	const facts = read([
		["content-type", "application/json"],
		["authorization", "Bearer a"],
		["content-encoding", "gzip"],
		["content-encoding", "br"],
		["x-envoy-auth-partial-body", "true"],
	]);
	expect(facts).toMatchObject({
		contentType: "application/json",
		authorization: ["Bearer a"],
		contentEncoding: "gzip,br",
		partialBody: "true",
		redirected: false,
	});
	expect(facts.contentLength).toBeUndefined();
	expect(read([["x-envoy-original-url", ""]]).redirected).toBe(true);
});

test("names that only begin like known ones, or differ in case, are not taken for them", () => {
	const facts = read([
		["content-typf", "a"],
		["Content-Type", "b"],
		["content-type2", "c"],
	]);
	expect(facts.contentType).toBeUndefined();
});
