import { describe, expect, test } from "@jest/globals";
import { readDirective } from "../../../src/fields/directive.ts";
import { DECISION_RULES } from "../../../src/fields/directive-rules.ts";
import { formatOf, formatUnder } from "../../../src/fields/media.ts";

describe("the format of a body", () => {
	test.each([
		["application/json", "json"],
		["Application/JSON; Charset=UTF-8", "json"],
		['application/problem+json;charset="utf-8"', "json"],
		["application/x-ndjson", "ndjson"],
		["application/json-seq", "json-seq"],
		["text/event-stream", "sse"],
		["application/x-www-form-urlencoded", "form"],
	])("%s is %s", (type, format) => {
		expect(formatOf(type)).toBe(format);
	});

	test.each([
		undefined,
		"",
		"text/html",
		"application/jsonx",
		"application/json; charset=latin1",
		"application/json, text/html",
		"application/json;charset=utf-8;charset=utf-8",
		"application/json+xml",
	])("%s is unsupported", (type) => {
		expect(formatOf(type)).toBeUndefined();
	});

	test("a directive of a decision applies to JSON, and to what it names besides", () => {
		const under = (value: object, type: string): string | undefined => {
			const read = readDirective(value, DECISION_RULES);
			return read.ok ? formatUnder(read.directive, type) : "bad";
		};
		expect(under({}, "application/vnd.x+json")).toBe("json");
		expect(under({}, "text/event-stream")).toBeUndefined();
		expect(under({ media_types: ["text/event-stream"] }, "text/event-stream; charset=utf-8")).toBe("sse");
		expect(under({ media_types: ["text/html"] }, "text/html")).toBeUndefined();
	});
});
