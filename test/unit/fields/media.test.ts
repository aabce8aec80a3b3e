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
		const under = (value: object, type: string): unknown => {
			const read = readDirective(value, DECISION_RULES);
			return read.ok ? formatUnder(read.directive, type) : "bad";
		};
		expect(under({}, "application/vnd.x+json")).toBe("json");
		expect(under({}, "text/event-stream")).toBeUndefined();
		expect(under({ media_types: ["text/event-stream"] }, "text/event-stream; charset=utf-8")).toBe("sse");
		expect(under({ media_types: ["text/html"] }, "text/html")).toBeUndefined();
	});

	test("gRPC in every framing is named by its plain type, and each framing by its own", () => {
		const types = [
			"application/grpc",
			"application/grpc+proto",
			"application/grpc-web",
			"application/grpc-web-text+proto",
		];
		const under = (named: string): unknown[] => {
			const read = readDirective({ media_types: [named] }, DECISION_RULES);
			return types.map((type) => (read.ok ? formatUnder(read.directive, type) : "bad"));
		};
		expect(under("application/grpc")).toEqual(["grpc", "grpc", "grpc-web", "grpc-web-text"]);
		expect(under("application/grpc-web")).toEqual([undefined, undefined, "grpc-web", undefined]);
		expect(under("text/csv")).toEqual([undefined, undefined, undefined, undefined]);
		expect(formatOf("application/grpc+json")).toBeUndefined();
	});

	test("CSV has a header where its type or the directive says so", () => {
		const under = (value: object, type: string): unknown => {
			const read = readDirective({ ...value, media_types: ["text/csv"] }, DECISION_RULES);
			return read.ok ? formatUnder(read.directive, type) : "bad";
		};
		expect(formatOf("text/csv")).toBeUndefined();
		expect(formatOf("text/csv; header=Present; charset=utf-8")).toBe("csv");
		expect(under({}, "text/csv")).toBeUndefined();
		expect(under({}, "text/csv;header=present")).toBe("csv");
		expect(under({ csv_header: "present" }, "text/csv")).toBe("csv");
		expect(under({ csv_header: "present" }, "text/csv; header=absent")).toBeUndefined();
		expect(formatOf("text/csv; header=present; charset=latin1")).toBeUndefined();
	});

	test.each([
		['multipart/form-data; boundary="a b"', { kind: "form-data", boundary: "a b" }],
		["multipart/mixed; boundary=x", { kind: "mixed", boundary: "x" }],
		["multipart/form-data", undefined],
		['multipart/form-data; boundary=""', undefined],
		['multipart/form-data; boundary="a "', undefined],
		['multipart/form-data; boundary="a;b"', undefined],
		[`multipart/form-data; boundary=${"x".repeat(71)}`, undefined],
		["multipart/related; boundary=x", undefined],
	])("%s", (type, format) => {
		expect(formatOf(type)).toEqual(format);
	});
});
