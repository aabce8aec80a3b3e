import { describe, expect, test } from "@jest/globals";
import type { BodyFormat } from "../../../src/fields/types.ts";
import { mask } from "../../support/mask-body.ts";

function run(format: BodyFormat, directive: object, body: string): string {
	const whole = mask({ directive, body, format });
	for (const chunks of [[1], [2, 3], [7]]) {
		const cut = mask({ directive, body, format, chunks });
		expect(cut.refusal).toBe(whole.refusal);
		expect(cut.text).toBe(whole.text);
	}
	return whole.refusal ?? whole.text;
}
const noA = { withhold: ["$.a"] };

describe("NDJSON", () => {
	test.each([
		["", ""],
		["\n\n", "\n\n"],
		['{"a":1}\r\n{"b":2}\r\n', '{}\r\n{"b":2}\r\n'],
		['{"a":1}\n \t\n12', "{}\n \t\n12"],
		["1\n2", "1\n2"],
		["[1,\n2]", "body_malformed"],
		['{"b":1} {"b":2}', "body_malformed"],
		["1\n\ufeff2", "body_malformed"],
		['"a\nb"', "body_malformed"],
	])("%j becomes %j", (body, expected) => {
		expect(run("ndjson", noA, body)).toBe(expected);
	});
});

describe("JSON text sequences", () => {
	test.each([
		["", ""],
		['\x1e{"a":1}\n\x1e{"b":\n2}\n', '\x1e{}\n\x1e{"b":\n2}\n'],
		["\x1e\x1e1\n", "\x1e\x1e1\n"],
		['{"b":1}\n', "body_malformed"],
		["\x1e1 2\n", "body_malformed"],
		["\x1e[1\x1e2]", "body_malformed"],
	])("%j becomes %j", (body, expected) => {
		expect(run("json-seq", noA, body)).toBe(expected);
	});
});

describe("server-sent events", () => {
	test.each([
		["", ""],
		['data: {"a":1}\n\n', "data: {}\n\n"],
		['data:{"a":1}\r\n\r\ndata:{"a":2}\r\r', "data:{}\r\n\r\ndata:{}\r\r"],
		["\ufeffdata: 1\n\n", "\ufeffdata: 1\n\n"],
		["data: [DONE]\n\n", "data: [DONE]\n\n"],
		["data:[DONE]", "data:[DONE]"],
		["data: [1]\n\n", "data: [1]\n\n"],
		["data: [\ndata: 1]\n\n", "data: [\ndata: 1]\n\n"],
		["data\n\n:c\nid\n\n", "data\n\n:c\nid\n\n"],
		['data: {"b":\n: note\ndata: 1}\n\n', 'data: {"b":\n: note\ndata: 1}\n\n'],
		["data: [DONE]\ndata: 1\n\n", "body_malformed"],
		["data: [DONE\n\n", "body_malformed"],
		["data:  [DONE]\n\n", "body_malformed"],
		["data: [D", "body_malformed"],
		["data: [", "body_malformed"],
		["data: 1\ndata: 2\n\n", "body_malformed"],
		['data: {"b":1', "body_malformed"],
		["dat", "body_malformed"],
		["Data: 1\n\n", "body_malformed"],
		["retry : 1\n\n", "body_malformed"],
		["data: 1\n\n\ufeffdata: 1\n\n", "body_malformed"],
		["\ufeff\ufeffdata: 1\n\n", "body_malformed"],
	])("%j becomes %j", (body, expected) => {
		expect(run("sse", noA, body)).toBe(expected);
	});

	test("other lines stay, also inside a value that goes, and breaks between data lines go with it", () => {
		const body = 'data: {"a":[1,\ndata: 2,\nid: 5\ndata: 3],\ndata: "b":1}\n\n';
		expect(run("sse", { mask: [{ select: "$.a", as: "redact" }] }, body)).toBe(
			'data: {"a":null\nid: 5\ndata: ,\ndata: "b":1}\n\n',
		);
	});

	test.each([
		[": a comment\nid: 7\nevent: paid\nretry: 10\ndata: 1\n\n", "id: 7\nevent: paid\nretry: 10\ndata: 1\n\n"],
		["id: ada@mail.example\r\nevent: Ada Moreau\r\nretry: 1e3\r\ndata: 1\r\n\r\n", "data: 1\r\n\r\n"],
		[": ping\r\r", "\r"],
		["data: 1\r:\r\n\n", "data: 1\r\n"],
		["id: a b", ""],
		["id", "id"],
		['data: {"a":[1,\nid: x y\ndata: 3],\n:c\ndata: "b":1}\n\n', 'data: {\ndata: "b":1}\n\n'],
		['data: {"a":[1,\nid: 5\ndata: 3],\ndata: "b":1}\n\n', 'data: {\nid: 5\ndata: \ndata: "b":1}\n\n'],
	])("in a decision %j becomes %j: other lines pass as plain tokens only", (body, expected) => {
		for (const chunks of [[1], [2, 3], [7], [1000]])
			expect(mask({ directive: noA, body, format: "sse", chunks, decision: true }).text).toBe(expected);
	});

	test("a masked number at the end of a line is written before the line end", () => {
		expect(run("sse", { mask: [{ select: "$", as: "partial", keep_end: 1 }] }, "data: 123\n\ndata: 45")).toBe(
			'data: "**3"\n\ndata: "*5"',
		);
	});

	test("comments and ids that are no UTF-8 are malformed", () => {
		const body = Buffer.concat([Buffer.from(": "), Buffer.of(0xc3), Buffer.from("\ndata: 1\n\n")]);
		expect(mask({ directive: {}, body, format: "sse" }).refusal).toBe("body_malformed");
	});
});

describe("forms", () => {
	test.each([
		["", ""],
		["a=1", ""],
		["a=1&b=2", "b=2"],
		["b=2&a=1", "b=2"],
		["b=2&a=1&c=3", "b=2&c=3"],
		["%61=1&b&=", "b&="],
		["a=1&&b=2&", "&b=2&"],
		["b=%4", "body_malformed"],
		["b=%zz", "body_malformed"],
		["b=%ff", "body_malformed"],
		["%C3=1", "body_malformed"],
		["b=%C3%A9&é=1", "b=%C3%A9&é=1"],
	])("%j becomes %j", (body, expected) => {
		expect(run("form", noA, body)).toBe(expected);
	});

	test("masked values are written as a browser writes them", () => {
		const as = (rule: object): string => run("form", { mask: [{ select: "$.v", ...rule }] }, "v=x+y%26z&w");
		expect(as({ as: "null" })).toBe("v=&w");
		expect(as({ as: "constant", value: { k: 1 } })).toBe("v=%7B%22k%22%3A1%7D&w");
		expect(as({ as: "constant", value: "é *" })).toBe("v=%C3%A9+*&w");
		expect(as({ as: "partial", keep_end: 2, char: "-" })).toBe("v=---%26z&w");
		expect(as({ as: "truncate", length: 9 })).toBe("v=x+y%26z&w");
	});

	test("names and masked values have the limits of JSON", () => {
		const masked = (directive: object, body: string): string | undefined =>
			mask({ directive, body, format: "form" }).refusal;
		expect(masked({}, `${"n".repeat(65_536)}=1`)).toBeUndefined();
		expect(masked({}, `${"n".repeat(65_537)}=1`)).toBe("body_too_large");
		const partial = { mask: [{ select: "$.v", as: "partial" }] };
		expect(masked(partial, `v=${"x".repeat(1_048_576)}`)).toBeUndefined();
		expect(masked(partial, `v=${"x".repeat(1_048_577)}`)).toBe("body_too_large");
		expect(masked({}, `v=${"x".repeat(1_048_577)}`)).toBeUndefined();
	});
});
