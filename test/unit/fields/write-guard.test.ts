import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readDirective } from "../../../src/fields/directive.ts";
import { DECISION_RULES } from "../../../src/fields/directive-rules.ts";
import { maskTokens } from "../../../src/fields/mask-token.ts";
import type { BodyFormat } from "../../../src/fields/types.ts";
import { findWriteFault, isWritable } from "../../../src/fields/write-guard.ts";
import { jsonText } from "../../support/mask-arbitrary.ts";
import { mask } from "../../support/mask-body.ts";

function tokens(response?: unknown) {
	if (response === undefined) return maskTokens(undefined);
	const read = readDirective(response, DECISION_RULES);
	if (!read.ok) throw new Error(read.message);
	return maskTokens(read.directive);
}

const find = (body: string, format: BodyFormat = "json", response?: unknown) =>
	findWriteFault(format, Buffer.from(body), tokens(response));

describe("names that differ only by case", () => {
	test.each([
		'{"role":1,"Role":2}',
		'{"a":[{"x":{"id":1 , "ID" :2}}]}',
		'{"ss\\u006e":1,"SSN":2}',
		// U+212A KELVIN SIGN and U+017F LATIN SMALL LETTER LONG S are letters of ASCII to readers that fold.
		'{"k":1,"\u212a":2}',
		'{"s":1,"\\u017f":2}',
		'{"straße":1,"STRASSE":2}',
		'{"é":1,"É":2}',
	])("%s", (body) => {
		expect(find(body)).toBe("names_ambiguous");
		expect(find(`1\n${body}\n`, "ndjson")).toBe("names_ambiguous");
		expect(find(`\x1e${body}\n`, "json-seq")).toBe("names_ambiguous");
	});

	test.each([
		'{"role":1,"role":2}',
		'{"a":{"id":1},"b":{"ID":2},"c":[{"Id":3},{"iD":4}]}',
		'[{"role":1},{"Role":2}]',
		'{"role":"Role","x":"role:"}',
		'["a","A",{"a":"A"}]',
		'{"a\\"":1,"A":2}',
		'{"__proto__":1,"constructor":2}',
	])("%s has none", (body) => {
		expect(find(body)).toBeUndefined();
	});

	test("in forms", () => {
		expect(find("role=1&x=2&R%6fle=3", "form")).toBe("names_ambiguous");
		expect(find("role=1&role=2&&rol=Role", "form")).toBeUndefined();
	});
});

describe("what a mask has written", () => {
	test.each([
		"[redacted]",
		"hmac:AAAAAAAAAAAAAAAAAAAAAA",
		"a***@mail.example",
		"😀***@x",
		"***************1111",
		"****",
		"A**",
		"ab****yz",
		"*a*****",
	])("%s", (text) => {
		expect(find(JSON.stringify({ a: ["x", text] }))).toBe("mask_token");
		expect(find(`a=1&b=${encodeURIComponent(text)}`, "form")).toBe("mask_token");
	});

	test.each([
		"",
		"*",
		"**bold** words",
		"5 * 3",
		"redacted",
		"[redacted] twice",
		"hmac:short",
		"ada@mail.example",
		"a**@x",
		"to be continued…",
		"*a*",
		"this keeps more than twelve ****",
		"n/a",
		"##",
	])("%s is a text of its own", (text) => {
		expect(find(JSON.stringify({ a: text, [text]: 1 }))).toBeUndefined();
	});

	test("also as the same decision's directive for the answer would write it", () => {
		const response = {
			release: ["$"],
			mask: [
				{ select: "$.a", as: "partial", char: "#" },
				{ select: "$.b", as: "truncate", length: 4 },
				{ select: "$.c", as: "constant", value: "n/a" },
				{ select: "$.d", as: "constant", value: { n: "x" } },
			],
		};
		for (const text of ["####", "Hell…", "n/a"]) {
			expect(find(JSON.stringify([text]))).toBeUndefined();
			expect(find(JSON.stringify([text]), "json", response)).toBe("mask_token");
		}
		const told = { mask: [{ select: "$.a", as: "partial", keep_start: 9, keep_end: 2, min_hidden: 1 }] };
		expect(find('["some text*xy"]')).toBeUndefined();
		expect(find('["some text*xy"]', "json", told)).toBe("mask_token");
		expect(find('["He…","Hello…","x"]', "json", response)).toBeUndefined();
	});

	test("every masked string of a body is told", () => {
		const strategies = fc.constantFrom(
			{ as: "redact" },
			{ as: "hash" },
			{ as: "partial", keep_start: 1, keep_end: 2, char: "#" },
			{ as: "partial", keep_end: 4 },
			{ as: "partial", keep_start: 3, keep_end: 3, min_hidden: 0 },
			{ as: "truncate", length: 3 },
			{ as: "email" },
		);
		fc.assert(
			fc.property(
				fc.string({ unit: "grapheme", minLength: 4, maxLength: 30 }),
				strategies,
				(text, strategy) => {
					const directive = { mask: [{ select: "$.a", ...strategy }] };
					const { text: masked } = mask({
						directive,
						body: JSON.stringify({ a: text }),
						decision: true,
						consumer: "c",
					});
					const changed = masked !== JSON.stringify({ a: text });
					if (changed) expect(find(masked, "json", { release: [], ...directive })).toBe("mask_token");
				},
			),
			{ numRuns: 2000 },
		);
	});
});

test("numbers, words and the text of names are no tokens; any valid body can be searched", () => {
	fc.assert(
		fc.property(jsonText, (body) => {
			const names: string[][] = [];
			const collect = (value: unknown): void => {
				if (typeof value !== "object" || value === null) return;
				if (!Array.isArray(value)) names.push(Object.keys(value));
				Object.values(value).forEach(collect);
			};
			collect(JSON.parse(body));
			const folds = (list: string[]) => new Set(list.map((name) => name.toLowerCase())).size < list.length;
			const fault = find(body);
			if (names.some(folds)) expect(fault).toBeDefined();
			if (fault === "mask_token") expect(body).toMatch(/\*|redacted|hmac/);
		}),
		{ numRuns: 1000 },
	);
});

test("a request is written in JSON, records of it, a form, or messages of gRPC", () => {
	const mixed = { kind: "mixed", boundary: "b" } as const;
	const writable = ["json", "ndjson", "json-seq", "form", "grpc", "grpc-web", "grpc-web-text"] as const;
	expect([...writable, "sse" as const, "csv" as const, mixed].filter(isWritable)).toEqual(writable);
});
