import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { LoadedPolicy } from "../../src/policy/load.ts";
import { opaEval } from "../support/opa-eval.ts";
import { inputOf, policyOf } from "../support/policy.ts";

const SOURCE = `package envoy.authz

allow := [text | some call in input.calls; text := sprintf(call[0], call[1])]
`;

type Call = readonly [string, readonly unknown[]];

const answers = async (policy: LoadedPolicy, calls: readonly Call[]): Promise<unknown> => {
	const outcome = policy.evaluate("envoy/authz/allow", inputOf({ calls }));
	return outcome.kind === "value" ? outcome.value : outcome;
};

async function differences(ours: unknown, calls: readonly Call[]): Promise<readonly unknown[]> {
	if (!Array.isArray(ours)) return [ours];
	const theirs = (await opaEval(SOURCE, "data.envoy.authz.allow", { calls })) as unknown[];
	if (theirs.length !== ours.length) return [theirs.length, ours.length];
	return calls
		.map((call, i) => ({ call, ours: ours[i] as unknown, opa: theirs[i] }))
		.filter((one) => one.ours !== one.opa);
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
];

describe("sprintf", () => {
	test("is Go's, for every directive that is supported and every kind of value", async () => {
		const policy = await policyOf(SOURCE);
		const calls: Call[] = [];
		let refused = 0;
		for (const directive of DIRECTIVES) {
			for (const value of VALUES) {
				const call: Call = [`<${directive}>`, [value]];
				// What is not supported fails on its own; everything else is compared below.
				if (Array.isArray(await answers(policy, [call]))) calls.push(call);
				else refused++;
			}
		}
		const ours = (await answers(policy, calls)) as readonly unknown[];
		expect(await differences(ours, calls)).toEqual([]);
		expect(calls.length).toBeGreaterThan(1300);
		expect(refused).toBeLessThan(250);
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

	test("what Go could format and the host cannot is a failure, never another text", async () => {
		const policy = await policyOf(SOURCE);
		for (const call of [
			["%[1]d", [1]],
			["%*d", [3, 1]],
			["%U", [65]],
			["%#x", [255]],
			["%.3g", [1.5]],
		] satisfies Call[]) {
			expect(await answers(policy, [call])).toMatchObject({ kind: "failed", reason: "policy_trap" });
		}
	});
});
