import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { withoutEscapedPairs } from "../../../src/policy/wasm/surrogate-pairs.ts";
import { growth } from "../../support/growth.ts";
import { policyOf } from "../../support/policy.ts";

const literal = (text: string): string => Buffer.from(withoutEscapedPairs(Buffer.from(text))).toString();
const escaped = (text: string): string =>
	JSON.stringify(text).replace(/[\ud800-\udfff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`);

describe("escaped surrogate pairs", () => {
	test("become the characters that they stand for, and nothing else changes", () => {
		fc.assert(
			fc.property(fc.string({ unit: "grapheme" }), fc.boolean(), (text, upper) => {
				const json = escaped(text);
				const given = upper
					? json.replace(/\\u(d[0-9a-f]{3})/g, (_, hex: string) => `\\u${hex.toUpperCase()}`)
					: json;
				expect(literal(given)).toBe(JSON.stringify(text));
			}),
		);
	});
	test.each([
		['"\\\\ud83d\\ude00"', '"\\\\ud83d\\ude00"'],
		['"\\\\\\ud83d\\ude00"', '"\\\\\u{1f600}"'],
		['"\\ud83d"', '"\\ud83d"'],
		['"\\ud83d\\ud83d\\ude00"', '"\\ud83d\u{1f600}"'],
		['"\\ude00\\ud83d"', '"\\ude00\\ud83d"'],
		['"\\ud83dude00"', '"\\ud83dude00"'],
		['"\\u00e9\\n\\ud7ff"', '"\\u00e9\\n\\ud7ff"'],
		['"\\ud83d\\u', '"\\ud83d\\u'],
		['"\\ud8zz\\ude00"', '"\\ud8zz\\ude00"'],
	])("%s becomes %s", (given, wanted) => {
		expect(literal(given)).toBe(wanted);
	});
	test("a text without any is given back as it is", () => {
		const bytes = Buffer.from('{"a":"\\u00e9 \\\\n"}');
		expect(withoutEscapedPairs(bytes)).toBe(bytes);
	});
	test("many of them cost no more than their number", () => {
		const pairs = (count: number): Buffer => Buffer.from(`"${"\\ud83d\\ude00".repeat(count)}"`);
		const [some, many] = [pairs(25_000), pairs(200_000)];
		expect(withoutEscapedPairs(many).length).toBe(800_002);
		expect(
			growth(
				() => withoutEscapedPairs(some),
				() => withoutEscapedPairs(many),
			),
		).toBeLessThan(32);
	});
});

test("a policy meets the same character in input and data, escaped or not, on every plane", async () => {
	const characters = Array.from({ length: 16 }, (_, plane) =>
		String.fromCodePoint((plane + 1) * 0x10000 + 0x1234),
	);
	const policy = await policyOf({
		"policy.rego":
			"package envoy.authz\n\nallow := {i: [input.c[i] == data.c[i], input.c[i]] | some i, _ in data.c}\n",
		"data.json": JSON.stringify({ c: characters }),
	});
	const input = Buffer.from(`{"c":[${characters.map(escaped).join(",")}]}`);
	const outcome = policy.evaluate("envoy/authz/allow", input);
	expect(outcome).toEqual({
		kind: "value",
		value: Object.fromEntries(characters.map((character, at) => [at, [true, character]])),
	});
});
