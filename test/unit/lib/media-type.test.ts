import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseMediaType } from "../../../src/lib/media-type.ts";

describe("a media type", () => {
	test.each<[string, string, string, string | undefined, [string, string][]]>([
		["text/plain", "text", "plain", undefined, []],
		[" Text/PLAIN ", "text", "plain", undefined, []],
		["application/vnd.api+json", "application", "vnd.api+json", "json", []],
		["a/b;Charset=UTF-8", "a", "b", undefined, [["charset", "UTF-8"]]],
		[
			'a/b ; x="a;b\\"c" ;; y=1;',
			"a",
			"b",
			undefined,
			[
				["x", 'a;b"c'],
				["y", "1"],
			],
		],
		['a/b;x=""', "a", "b", undefined, [["x", ""]]],
	])("%j is read", (value, type, subtype, suffix, parameters) => {
		const read = parseMediaType(value);
		expect(read).toMatchObject({ type, subtype, parameters: new Map(parameters) });
		expect(read?.suffix).toBe(suffix);
	});

	test.each([
		"",
		"text",
		"text/",
		"/plain",
		"a/b, c/d",
		"a/b,c/d",
		"a/b c",
		"a /b",
		"a/ b",
		"a/b; x",
		"a/b; x =1",
		"a/b; x= 1",
		'a/b; x="a',
		'a/b; x="a"b',
		"a/b; x=1; X=2",
		"a/b; x=1 y=2",
		"a/b/c",
		"ä/b",
		"a/b;x=ä",
		"a/b\n",
	])("%j is refused", (value) => {
		expect(parseMediaType(value)).toBeUndefined();
	});

	test("parameters come back as they were quoted", () => {
		const token = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
		const text = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)) });
		fc.assert(
			fc.property(token, token, fc.dictionary(token, text), (type, subtype, parameters) => {
				const quoted = Object.entries(parameters).map(
					([name, value]) => `; ${name}="${value.replaceAll(/["\\]/g, "\\$&")}"`,
				);
				expect(parseMediaType(`${type}/${subtype}${quoted.join("")}`)?.parameters).toEqual(
					new Map(Object.entries(parameters)),
				);
			}),
			{ seed: 1, numRuns: 300 },
		);
	});
});
