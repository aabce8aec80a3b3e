import { describe, expect, test } from "@jest/globals";
import { readDirective } from "../../../src/fields/directive.ts";
import { DECISION_RULES, PLAIN_RULES } from "../../../src/fields/directive-rules.ts";

const mask = (rule: object): object => ({ mask: [{ select: "$.a", ...rule }] });

describe("reading a directive", () => {
	test("an empty one is a directive that names nothing", () => {
		expect(readDirective({}, PLAIN_RULES)).toEqual({
			ok: true,
			directive: {
				mask: [],
				withhold: [],
				mediaTypes: [],
				stream: false,
				grpcMessage: "withhold",
				files: "block",
				shape: "plain",
				csvHeader: "unknown",
				text: "{}",
			},
		});
	});

	test("the canonical text does not depend on the order of keys", () => {
		const one = readDirective({ withhold: ["$.b"], release: ["$.a"] }, PLAIN_RULES);
		const other = readDirective({ release: ["$.a"], withhold: ["$.b"] }, PLAIN_RULES);
		expect(one.ok && other.ok && one.directive.text === other.directive.text).toBe(true);
	});

	test.each<[unknown, string]>([
		[null, "an object"],
		[[], "an object"],
		[{ Release: [] }, "Release"],
		[{ release: "$.a" }, "release"],
		[{ release: ["$.a", 1] }, "release[1]"],
		[{ withhold: ["$.a", "a"] }, "withhold[1]"],
		[{ mask: [1] }, "mask[0]"],
		[{ mask: [{ as: "redact" }] }, "select is required"],
		[{ mask: [{ select: "$.", as: "redact" }] }, "mask[0].select"],
		[mask({}), "as: expected one of"],
		[mask({ as: "toString" }), "as: expected one of"],
		[mask({ as: "redact", length: 1 }), 'no parameter "length"'],
		[mask({ as: "constant" }), "value is required"],
		[mask({ as: "constant", value: [Number.POSITIVE_INFINITY] }), "double"],
		[mask({ as: "partial", keep_end: -1 }), "keep_end"],
		[mask({ as: "partial", keep_start: 1.5 }), "keep_start"],
		[mask({ as: "partial", char: "ab" }), "char"],
		[mask({ as: "partial", char: "" }), "char"],
		[mask({ as: "partial", char: "\ud800" }), "char"],
		[mask({ as: "truncate" }), "length"],
		[mask({ as: "hash", domain: "a\0b" }), "domain"],
		[{ detect: ["nope"] }, "detect[0]"],
		[{ detect: [{ detector: "pan", as: "what" }] }, "detect[0]"],
		[mask({ as: "partial", min_hidden: 2 }), "min_hidden"],
		[{ media_types: [] }, "media_types"],
	])("%j is refused, saying what and where", (value, words) => {
		expect(readDirective(value, PLAIN_RULES)).toMatchObject({
			ok: false,
			kind: "invalid",
			message: expect.stringContaining(words),
		});
	});

	test("keys that objects inherit are not parameters", () => {
		expect(readDirective(mask({ as: "redact", constructor: 1 }), PLAIN_RULES).ok).toBe(false);
		expect(readDirective(JSON.parse('{"__proto__": []}'), PLAIN_RULES).ok).toBe(false);
	});
});

describe("a directive inside a decision", () => {
	test("may name media types and what partial hides", () => {
		const read = readDirective(
			{ media_types: ["Text/Event-Stream"], ...mask({ as: "partial", keep_end: 4, min_hidden: 2 }) },
			DECISION_RULES,
		);
		expect(read).toMatchObject({
			ok: true,
			directive: { mediaTypes: ["text/event-stream"], mask: [{ strategy: { keepEnd: 4, minHidden: 2 } }] },
		});
		expect(readDirective({ media_types: ["text/*; q=1"] }, DECISION_RULES).ok).toBe(false);
	});

	test("may let a body flow, by true alone", () => {
		const streams = (value: unknown) => {
			const read = readDirective(value, DECISION_RULES);
			return read.ok ? read.directive.stream : read.kind;
		};
		expect(streams({})).toBe(false);
		expect(streams({ stream: false })).toBe(false);
		expect(streams({ stream: true })).toBe(true);
		for (const stream of [1, "true", null, [true]]) expect(streams({ stream })).toBe("invalid");
		expect(readDirective({ stream: true }, PLAIN_RULES).ok).toBe(false);
	});

	test.each<[string, unknown]>([
		["detectors", { detect: ["pan"] }],
		["classes", { release: ["class:public"] }],
	])("with %s is unsupported, not invalid", (_, value) => {
		expect(readDirective(value, DECISION_RULES)).toMatchObject({ ok: false, kind: "unsupported" });
	});

	test("shows at most 64 code points of a text, and keeps at most 12", () => {
		expect(readDirective(mask({ as: "truncate", length: 64 }), DECISION_RULES).ok).toBe(true);
		expect(readDirective(mask({ as: "truncate", length: 65 }), DECISION_RULES).ok).toBe(false);
		expect(readDirective(mask({ as: "partial", keep_start: 6, keep_end: 6 }), DECISION_RULES).ok).toBe(true);
		expect(readDirective(mask({ as: "partial", keep_start: 6, keep_end: 7 }), DECISION_RULES).ok).toBe(false);
	});

	test("has at most 256 selectors, 8 descendant steps each, 16 KiB", () => {
		const selectors = (n: number): string[] => Array.from({ length: n }, (_, i) => `$.a${i}`);
		expect(readDirective({ release: selectors(256) }, DECISION_RULES).ok).toBe(true);
		expect(readDirective({ release: selectors(200), withhold: selectors(57) }, DECISION_RULES)).toMatchObject(
			{
				ok: false,
				kind: "too_large",
			},
		);
		expect(readDirective({ release: [`$${"..a".repeat(8)}`] }, DECISION_RULES).ok).toBe(true);
		expect(readDirective({ release: [`$${"..a".repeat(9)}`] }, DECISION_RULES)).toMatchObject({
			kind: "too_large",
		});
		const long = (bytes: number): object => ({
			release: [`$.${"a".repeat(bytes - '{"release":["$."]}'.length)}`],
		});
		expect(readDirective(long(16_384), DECISION_RULES).ok).toBe(true);
		expect(readDirective(long(16_385), DECISION_RULES)).toMatchObject({ kind: "too_large" });
	});
});
