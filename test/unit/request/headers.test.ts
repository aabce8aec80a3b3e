import { describe, expect, test } from "@jest/globals";
import { authorizationOf, readHeaders } from "../../../src/request/headers.ts";
import { growth } from "../../support/growth.ts";

type Pairs = readonly (readonly [string, string])[];

function laidOut(pairs: Pairs) {
	const spans: number[] = [];
	let text = "";
	for (const part of pairs.flat()) {
		spans.push(text.length, text.length + part.length);
		text += part;
	}
	return { bytes: Buffer.from(text, "latin1"), spans };
}

const read = (pairs: Pairs) => readHeaders(laidOut(pairs));

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

test("a comma is found in the value that holds it, wherever the values lie", () => {
	const text = "authorizationBearer a,bBearer c,";
	const bytes = Buffer.from(text);
	const value = (start: number, end: number): number[] => [0, 13, start, end];
	expect(readHeaders({ bytes, spans: value(13, 21) }).repeated).toBeUndefined();
	expect(readHeaders({ bytes, spans: value(13, 23) }).repeated).toBe("authorization");
	expect(readHeaders({ bytes, spans: value(23, 31) }).repeated).toBeUndefined();
	expect(readHeaders({ bytes, spans: value(23, 32) }).repeated).toBe("authorization");
	expect(readHeaders({ bytes, spans: [0, 6, 31, 32, ...value(13, 23)] }).repeated).toBe("authorization");
});

test("many authorization values cost no more than their number", () => {
	const many = (count: number) =>
		laidOut(Array.from({ length: count }, () => ["authorization", "Bearer a"] as const));
	const [some, more] = [many(1000), many(8000)];
	expect(readHeaders(more).repeated).toBe("authorization");
	expect(
		growth(
			() => readHeaders(some),
			() => readHeaders(more),
		),
	).toBeLessThan(32);
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
		contentEncoding: "gzip,br",
		partialBody: "true",
		redirected: false,
	});
	expect(facts.contentLength).toBeUndefined();
	const several = laidOut([
		["authorization", "Bearer a"],
		["accept", "b"],
		["authorization", "Basic c"],
	]);
	expect(authorizationOf(readHeaders(several), several.bytes)).toEqual(["Bearer a", "Basic c"]);
	expect(authorizationOf(read([["accept", "b"]]), Buffer.of())).toEqual([]);
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
