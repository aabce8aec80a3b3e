import { describe, expect, test } from "@jest/globals";
import { mask } from "../../support/mask-body.ts";

const withhold = (...selectors: string[]): object => ({ withhold: selectors });
const text = (directive: object, body: string, chunks?: number[]): string => {
	const masked = mask({ directive, body, ...(chunks && { chunks }) });
	expect(masked.refusal).toBeUndefined();
	return masked.text;
};
const refusal = (body: string | Uint8Array, directive: object = {}): string | undefined => {
	const whole = mask({ directive, body }).refusal;
	expect(mask({ directive, body, chunks: [1] }).refusal).toBe(whole);
	expect(mask({ directive, body, chunks: [3, 1, 8192] }).refusal).toBe(whole);
	return whole;
};

describe("removing members", () => {
	test.each([
		["$.a", '{"a":1,"b":2,"c":3}', '{"b":2,"c":3}'],
		["$.b", '{"a":1,"b":2,"c":3}', '{"a":1,"c":3}'],
		["$.c", '{"a":1,"b":2,"c":3}', '{"a":1,"b":2}'],
		["$.*", '{"a":1,"b":2,"c":3}', "{}"],
		["$[0]", "[1,2,3]", "[2,3]"],
		["$[1]", "[1,2,3]", "[1,3]"],
		["$[2]", "[1,2,3]", "[1,2]"],
		["$[*]", "[1,[2],{}]", "[]"],
		["$..a", '{"a":1,"b":[{"a":[]},{"c":{"a":0}}]}', '{"b":[{},{"c":{}}]}'],
		["$", ' {"a":1} ', " null "],
		["$", "1", "null"],
		["$.b", '{"a":1}', '{"a":1}'],
	])("%s of %s leaves %s", (selector, body, expected) => {
		for (const chunks of [[1], [2], [1000]]) expect(text(withhold(selector), body, chunks)).toBe(expected);
	});

	test("keeps the white space between neighbours that stay", () => {
		const body = '{ "a" : 1 ,\n "b" : [ 1 , 2 ] ,\t"c" : 3 }';
		for (const chunks of [[1], [5], [1000]]) {
			expect(text({ release: ["$.a", "$.b"] }, body, chunks)).toMatch(
				/^\{ "a" : 1 ,\n "b" : \[ 1 , 2 \]\s*\}$/,
			);
			expect(text(withhold("$.zzz"), body, chunks)).toBe(body);
		}
	});

	test("judges duplicate members one by one, in every spelling of their name", () => {
		expect(text(withhold("$.ssn"), '{"ssn":1,"x":0,"ss\\u006e":2,"\\u0073sn":3,"SSN":4}')).toBe(
			'{"x":0,"SSN":4}',
		);
	});

	test("matches a lone surrogate to nothing but passes it on", () => {
		expect(text({ release: ["$.a"] }, '{"\\ud800":1,"a":"\\udc00"}')).toBe('{"a":"\\udc00"}');
	});

	test("`__proto__` is a name like any other", () => {
		expect(text(withhold("$.__proto__"), '{"__proto__":{"x":1},"constructor":2}')).toBe('{"constructor":2}');
	});
});

describe("containers under release", () => {
	test.each([
		[["$.a"], "[1]", "null"],
		[["$.a.b"], '{"a":{},"c":{}}', '{"a":{}}'],
		[["$.a.b"], '{"a":[1]}', "{}"],
		[["$[0].x"], '[{"y":1},{"x":1}]', "[{}]"],
		[["$..x"], '{"a":[{"b":1}],"c":2}', '{"a":[{}]}'],
		[[], '{"a":1}', "null"],
		[["$"], "[1,{}]", "[1,{}]"],
	])("%j over %s gives %s", (release, body, expected) => {
		expect(text({ release }, body)).toBe(expected);
	});

	test("a mask keeps the containers on its way", () => {
		const directive = { release: [], mask: [{ select: "$.a.b", as: "redact" }] };
		expect(text(directive, '{"a":{"b":"x","c":1},"d":1}')).toBe('{"a":{"b":"[redacted]"}}');
	});
});

describe("limits, counted exactly", () => {
	const nest = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

	test("512 containers may be open, whether they are kept or dropped", () => {
		for (const directive of [{}, withhold("$"), withhold("$[0]")]) {
			expect(refusal(nest(512), directive)).toBeUndefined();
			expect(refusal(nest(513), directive)).toBe("body_too_deep");
		}
	});

	test("a name has at most 64 KiB between its quotes, whether it is looked at or not", () => {
		const body = (length: number): string => `{"${"k".repeat(length)}":1}`;
		for (const directive of [{}, withhold("$")]) {
			expect(refusal(body(65_536), directive)).toBeUndefined();
			expect(refusal(body(65_537), directive)).toBe("body_too_large");
		}
	});

	test("a scalar has at most 1 MiB where a strategy reads it, and any size elsewhere", () => {
		const body = (length: number, quote: string): string => `[${quote}${"7".repeat(length)}${quote}]`;
		const at = (length: number, as: string, quote = '"'): string | undefined => {
			const directive = { mask: [{ select: "$[0]", as }] };
			const whole = mask({ directive, body: body(length, quote) }).refusal;
			expect(mask({ directive, body: body(length, quote), chunks: [65_536, 1] }).refusal).toBe(whole);
			return whole;
		};
		expect(at(1_048_576, "partial")).toBeUndefined();
		expect(at(1_048_577, "partial")).toBe("body_too_large");
		expect(at(1_048_577, "partial", "")).toBe("body_too_large");
		expect(at(1_048_577, "email", "")).toBeUndefined();
		expect(at(1_048_577, "redact")).toBeUndefined();
	});

	test("the first violation in byte order decides", () => {
		expect(refusal(`{"${"k".repeat(65_537)}\u0001":1}`)).toBe("body_too_large");
		expect(refusal(`{"\u0001${"k".repeat(65_537)}":1}`)).toBe("body_malformed");
		expect(refusal(`[x${nest(513)}`)).toBe("body_malformed");
		expect(refusal(`${nest(513)}x`)).toBe("body_too_deep");
	});

	test("a flood of white space before a verdict is bounded; elsewhere it passes", () => {
		const flood = " ".repeat(1_200_000);
		const body = `[1,${flood}2]`;
		expect(mask({ directive: withhold("$[5]"), body, chunks: [65_536] }).refusal).toBe("body_too_large");
		expect(mask({ directive: {}, body, chunks: [65_536] }).text).toBe(body);
	});
});

describe("malformed bodies", () => {
	test.each([
		"",
		" ",
		"[1",
		'{"a":1,}',
		"[1,]",
		"[,1]",
		"[1 2]",
		"{,}",
		'{"a"}',
		'{"a":}',
		"{1:2}",
		"[}",
		"{]",
		"1 2",
		"[] []",
		"tru",
		"truex",
		"nul l",
		"01",
		"-",
		"1.",
		".5",
		"1e",
		"1e+",
		"+1",
		"NaN",
		'"\\x"',
		'"\\u12g4"',
		'"',
		'"\n"',
		"\ufeff{}",
		"// c\n1",
	])("%j is refused under every directive", (body) => {
		for (const directive of [
			{},
			withhold("$"),
			withhold("$..a"),
			{ mask: [{ select: "$..*", as: "partial" }] },
		]) {
			expect(refusal(body, directive)).toBe("body_malformed");
		}
	});

	test.each([
		["an overlong form", [0xc0, 0xaf]],
		["an overlong form of three bytes", [0xe0, 0x80, 0xaf]],
		["an overlong form of four bytes", [0xf0, 0x80, 0x80, 0xaf]],
		["a surrogate", [0xed, 0xa0, 0x80]],
		["above U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
		["a lone tail", [0x80]],
		["a cut character", [0xe2, 0x82]],
		["no UTF-8", [0xff]],
	])("UTF-8 that is %s is refused in values and names, kept or dropped", (_, bytes) => {
		const bad = Buffer.from(bytes);
		for (const directive of [{}, withhold("$")]) {
			expect(refusal(Buffer.concat([Buffer.from('["'), bad, Buffer.from('"]')]), directive)).toBe(
				"body_malformed",
			);
			expect(refusal(Buffer.concat([Buffer.from('{"'), bad, Buffer.from('":1}')]), directive)).toBe(
				"body_malformed",
			);
		}
	});

	test("nothing of the write that met the fault comes out, and nothing after it", () => {
		const masked = mask({ directive: {}, body: '{"secret":1}}' });
		expect(masked.bytes).toHaveLength(0);
	});
});
