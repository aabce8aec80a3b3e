import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { LoadedPolicy } from "../../src/policy/load.ts";
import { opaEval } from "../support/opa-eval.ts";
import { inputOf, policyOf } from "../support/policy.ts";

const SOURCE = `package envoy.authz

allow := [text | some call in input.calls; text := sprintf(call[0], call[1])]
`;

/** For long texts: their length, and both ends. */
const ENDS = `package envoy.authz

allow := [[count(text), substring(text, 0, 50), substring(text, max({count(text) - 50, 0}), -1)] |
	some call in input.calls
	text := sprintf(call[0], call[1])
]
`;

type Call = readonly [string, readonly unknown[]];

const answers = async (policy: LoadedPolicy, calls: readonly Call[]): Promise<unknown> => {
	const outcome = policy.evaluate("envoy/authz/allow", inputOf({ calls }));
	return outcome.kind === "value" ? outcome.value : outcome;
};

async function differences(
	ours: unknown,
	calls: readonly Call[],
	source = SOURCE,
): Promise<readonly unknown[]> {
	if (!Array.isArray(ours)) return [ours];
	const theirs = (await opaEval(source, "data.envoy.authz.allow", { calls })) as unknown[];
	if (theirs.length !== ours.length) return [theirs.length, ours.length];
	return calls
		.map((call, i) => ({ call, ours: ours[i] as unknown, opa: theirs[i] }))
		.filter((one) => JSON.stringify(one.ours) !== JSON.stringify(one.opa));
}

const VALUES: readonly unknown[] = [
	0,
	1,
	-1,
	255,
	-255,
	65,
	1234567890123,
	2 ** 70,
	-(2 ** 70),
	0.5,
	1.5,
	2.5,
	-2.5,
	0.1,
	1e21,
	1e-7,
	123456.789,
	1e-5,
	5e-324,
	1.7976931348623157e308,
	100000.5,
	1234567.5,
	12345678901.5,
	"",
	"text",
	'quo"te\\',
	"é\u{1f600}\n\u0001\u200b\u007f",
	null,
	true,
	[],
	[1, "a", null],
	{},
	{ b: [true], a: "x\n" },
];
const DIRECTIVES = [
	"%v",
	"%d",
	"%s",
	"%q",
	"%x",
	"%X",
	"%t",
	"%f",
	"%e",
	"%g",
	"%b",
	"%o",
	"%c",
	"%T",
	"%z",
	"%%",
	"%5d",
	"%-5d|",
	"%05d",
	"%+d",
	"% d",
	"%+05d",
	"%.3d",
	"%8.3d",
	"%.0d",
	"%5v|",
	"%-8v|",
	"%08v",
	"%5s|",
	"%-5s|",
	"%.2s",
	"%05s",
	"%6.2f",
	"%.0f",
	"%.1f",
	"%-8.2f|",
	"%08.3f",
	"%+.2f",
	"% .1f",
	"%.0e",
	"%.3e",
	"%12.4e",
	"%+v",
	"%.2q",
	"%4x",
	"%.1x",
	"%20.10f",
	"%.40f",
	"%E",
	"%F",
	"%G",
	"%.3g",
	"%.10g",
	"%#.3g",
	"%#g",
	"%#v",
	"%#d",
	"%#x",
	"%#X",
	"%# x",
	"%#b",
	"%#o",
	"%O",
	"%#O",
	"%U",
	"%#U",
	"%#.8U",
	"%+q",
	"%#q",
	"%.3x",
	"%.0x",
	"%.20x",
	"%#.2x",
	"%#e",
	"%#.0f",
	"%020x",
	"%-020x|",
	"%w",
	"%p",
	"%.1T",
];

describe("sprintf", () => {
	test("is Go's, for every directive and every kind of value", async () => {
		const calls = DIRECTIVES.flatMap((directive) => VALUES.map((value): Call => [`<${directive}>`, [value]]));
		const ours = await answers(await policyOf(SOURCE), calls);
		expect(await differences(ours, calls)).toEqual([]);
	});

	test("counts its arguments as Go does", async () => {
		const calls: Call[] = [
			["", []],
			["no directive", []],
			["%d and %d", [1]],
			["%d", [1, 2, "x", 1.5, null]],
			["", [1]],
			["100%", []],
			["100% ", []],
			["%", [1]],
			["%5", [1]],
			["%.", [1]],
			["%é", [1]],
			["%\u{1f600}", ["x"]],
			["%%%d%%", [7]],
			["%s:%s", ["a", ["b"]]],
		];
		const ours = await answers(await policyOf(SOURCE), calls);
		expect(await differences(ours, calls)).toEqual([]);
	});

	test("keeps numbers written in other ways apart", async () => {
		const source = `package envoy.authz

allow := [sprintf(f, [n]) | some f in ["%v", "%d", "%s", "%.2f"]; some n in [1.0, 1e3, 100000000000000000000, 0.10, -0.0, 1.50]]
`;
		const ours = await answers(await policyOf(source), []);
		expect(ours).toEqual(await opaEval(source, "data.envoy.authz.allow", {}));
	});

	test("formats random floats as Go does", async () => {
		const floats = fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), { numRuns: 400, seed: 4 });
		const calls = floats
			.filter((value) => !Number.isInteger(value))
			.flatMap((value): Call[] => [
				["%v", [value]],
				["%.3f", [value]],
				["%.5e", [value]],
			]);
		const ours = await answers(await policyOf(SOURCE), calls);
		expect(await differences(ours, calls)).toEqual([]);
	});

	test("reads random formats as Go does, good and bad ones", async () => {
		const piece = fc.oneof(
			fc.constantFrom("#", "0", "+", "-", " ", "*", ".", ".*", "%", "text ", "é"),
			fc.constantFrom("[1]", "[2]", "[3]", "[9]", "[0]", "[x]", "[", "[1", "]", "[1]*", ".[2]*"),
			fc.nat(12).map(String),
			fc.constantFrom(..."vdboOxXcqUeEfFgGstTz"),
		);
		const format = fc.array(
			fc.array(piece, { maxLength: 5 }).map((pieces) => `%${pieces.join("")}`),
			{
				maxLength: 4,
			},
		);
		const call = fc.tuple(
			format.map((parts) => parts.join("|")),
			fc.array(fc.constantFrom(...VALUES), { maxLength: 4 }),
		);
		const calls: Call[] = fc.sample(call, { numRuns: 4000, seed: 11 });
		const ours = await answers(await policyOf(ENDS), calls);
		expect(await differences(ours, calls, ENDS)).toEqual([]);
	});

	test("takes the widest field that Go takes, and no text over the limit", async () => {
		const policy = await policyOf(ENDS);
		const calls: Call[] = [
			["%1000000d", [1]],
			["%1000001d", [1]],
			["%10000000d", [1]],
			["%*d", [1_000_000, 1]],
			["%*d", [1_000_001, 1]],
			["%.999999f", [0.1]],
			["%.20000e", [0.1]],
			["%.99999d", [7]],
		];
		const ours = await answers(policy, calls);
		expect(await differences(ours, calls, ENDS)).toEqual([]);
		const wide: Call = ["%1000000d".repeat(17), new Array(17).fill(1)];
		expect(await answers(policy, [wide])).toMatchObject({ kind: "failed", reason: "policy_trap" });
	});

	test("big integers are formatted by their own rules; where they lie in memory is a failure", async () => {
		const source = `package envoy.authz

allow := [sprintf(verb, [n]) | some verb in input.verbs; some n in [1180591620717411303424, -1180591620717411303424]]
`;
		const policy = await policyOf(source);
		const ask = (verbs: readonly string[]) => policy.evaluate("envoy/authz/allow", inputOf({ verbs }));
		const verbs = DIRECTIVES.filter((verb) => verb !== "%p" && verb !== "%w");
		const theirs = await opaEval(source, "data.envoy.authz.allow", { verbs });
		expect(ask(verbs)).toEqual({ kind: "value", value: theirs });
		for (const verb of ["%p", "%w"]) {
			expect(ask([verb])).toMatchObject({ kind: "failed", reason: "policy_trap" });
		}
	});
});
