import fc from "fast-check";
import type { PlainDirective } from "./mask-oracle.ts";

/** Names with several spellings, names that trip objects and paths, and plain ones. */
const NAMES: readonly (readonly string[])[] = [
	['"a"', '"\\u0061"'],
	['"b"'],
	['"ssn"', '"ss\\u006e"', '"\\u0073sn"'],
	['""'],
	['"é"', '"\\u00e9"', '"\\u00E9"'],
	['"__proto__"'],
	['"x y"'],
	['"it\'s"'],
	['"0"'],
	['"😀"', '"\\ud83d\\ude00"'],
	['"a\\n"'],
];
const SELECTOR_NAMES = NAMES.map(([spelling]) => JSON.parse(spelling!) as string);

const space = fc.oneof(
	{ weight: 6, arbitrary: fc.constant("") },
	{ weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(" ", "\t", "\r"), maxLength: 3 }) },
);
const name = fc.constantFrom(...NAMES.flat());
/** Any code point. `unit: "binary"` is the same, and needs two seconds to list them all before the first text. */
const codePoint = fc.nat(0x10ffff).map((code) => String.fromCodePoint(code));
const scalar = fc.oneof(
	fc.constantFrom(
		"null",
		"true",
		"false",
		"0",
		"-0",
		"-0.0",
		"1e400",
		"9007199254740993",
		"0.10",
		"1E+2",
		"123456789012345678901234567890",
		'""',
		'"ada@example.com"',
		'"\\u0061@b@c"',
		'"@"',
		'"2024-05-06"',
		'"2024-13-06"',
		'"\\ud800"',
		'"\\udc00\\ud800x"',
		'"😀😀😀😀"',
		'"\\ud83d\\ude00z"',
		'"4111 1111 1111 1111"',
		'"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000"',
	),
	fc.string({ unit: codePoint, maxLength: 12 }).map((text) => JSON.stringify(text)),
	fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
);

/** A JSON text: white space (no line feeds), odd spellings, duplicate names. */
export const jsonText: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
	value: fc.oneof(
		{ maxDepth: 4, withCrossShrink: true },
		scalar,
		fc
			.array(fc.tuple(space, name, space, space, tie("value"), space), { maxLength: 4 })
			.map(
				(members) =>
					`{${members.map(([a, key, b, c, value, d]) => `${a}${key}${b}:${c}${value}${d}`).join(",")}}`,
			),
		fc
			.array(fc.tuple(space, tie("value"), space), { maxLength: 4 })
			.map((items) => `[${items.map(([a, value, b]) => `${a}${value}${b}`).join(",")}]`),
		fc.tuple(fc.constantFrom("{ }", "[ \t]"), space).map(([empty]) => empty),
	),
})).value;

const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, "\\$&").replaceAll("\n", "\\n")}'`;
const selectorName = fc.constantFrom(...SELECTOR_NAMES);
const step = fc.oneof(
	{ weight: 4, arbitrary: selectorName.map((text) => `[${quoted(text)}]`) },
	{ weight: 2, arbitrary: fc.constantFrom(".a", ".ssn", ".b", ".é") },
	{ weight: 2, arbitrary: fc.nat(2).map((index) => `[${index}]`) },
	{ weight: 2, arbitrary: fc.constantFrom("[*]", ".*") },
	{ weight: 1, arbitrary: fc.constantFrom("..a", "..*", "..[*]", "..ssn") },
	{ weight: 1, arbitrary: selectorName.map((text) => `..[${quoted(text)}]`) },
);
export const selector: fc.Arbitrary<string> = fc
	.array(step, { maxLength: 4 })
	.map((steps) => `$${steps.join("")}`);

const strategy = fc.oneof(
	fc.constantFrom({ as: "null" }, { as: "redact" }, { as: "email" }, { as: "year" }, { as: "hash" }),
	fc.record({ as: fc.constant("hash"), domain: fc.constantFrom("d", "e") }),
	fc.record({ as: fc.constant("constant"), value: fc.constantFrom<unknown>(0, "x", null, { k: ["é"] }, []) }),
	fc.record(
		{
			as: fc.constant("partial"),
			keep_start: fc.nat(3),
			keep_end: fc.nat(4),
			char: fc.constantFrom("#", "😀"),
		},
		{ requiredKeys: ["as"] },
	),
	fc.record({ as: fc.constant("truncate"), length: fc.nat(4) }),
) as fc.Arbitrary<{ as: string } & Record<string, unknown>>;
export const maskRule = fc.tuple(selector, strategy).map(([select, rest]) => ({ select, ...rest }));

export const directive: fc.Arbitrary<PlainDirective> = fc.record(
	{
		release: fc.array(selector, { maxLength: 4 }),
		mask: fc.array(maskRule, { maxLength: 4 }),
		withhold: fc.array(selector, { maxLength: 3 }),
	},
	{ requiredKeys: [] },
);

export const chunkSizes: fc.Arbitrary<number[]> = fc.oneof(
	fc.constant<number[]>([1]),
	fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
	fc.constant<number[]>([100_000]),
);
