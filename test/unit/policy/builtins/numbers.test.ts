import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { HOST_BUILTINS } from "../../../../src/policy/builtins/table.ts";
import { numberTerm } from "../../../../src/policy/term/term.ts";
import { type Call, callsOf, differences } from "../../../support/builtin-oracle.ts";

const call = (name: string, ...args: readonly (string | number)[]) =>
	HOST_BUILTINS.get(name)?.(
		args.map((arg) => (typeof arg === "number" ? numberTerm(arg) : arg)),
		undefined as never,
	);

const UNITS = [
	"",
	"k",
	"K",
	"m",
	"M",
	"g",
	"G",
	"t",
	"p",
	"e",
	"E",
	"Ki",
	"ki",
	"KI",
	"mi",
	"Mi",
	"MI",
	"mI",
	"gi",
	"Ti",
	"Pi",
	"ei",
	"Ei",
	"EI",
	"kb",
	"KB",
	"kib",
	"KiB",
	"mb",
	"MB",
	"gb",
	"tb",
	"pb",
	"eb",
	"eib",
	"b",
	"B",
	"x",
	"kk",
	"kg",
	"i",
	"\u212a",
	"k\u0130",
	"é",
	"1",
	"e3k",
];
const AMOUNTS = [
	"0",
	"1",
	"10",
	"1.5",
	"0.5",
	".5",
	"5.",
	".",
	"",
	"+5",
	"-5",
	"--5",
	"-0.00000000001",
	"-0",
	"00012",
	"1e3",
	"1E3",
	"1e-3",
	"1e+2",
	"1e",
	"1e+",
	"1.1",
	"1_0",
	"0.1",
	"123456789.123456789",
	"3.14159265358979",
	"1e20",
	"18446744073709551617",
	"36893488147419103233",
	"0.0000000000049",
	"0.00000000005",
	"1e5e5",
	"1.2.3",
	'"1"',
	'1"',
	" 1",
	"1 ",
	"0x10",
	"1e1234567",
	"0.3",
	"1e30",
	"9007199254740993.7",
];

describe("units", () => {
	test("every amount with every unit is what OPA gives", async () => {
		const texts = AMOUNTS.flatMap((amount) => UNITS.map((unit) => amount + unit));
		const calls = ["units.parse", "units.parse_bytes"].flatMap((name) =>
			texts.map((text): Call => [name, [text]]),
		);
		expect(
			await differences([...calls, ...callsOf("units.parse", [1]), ...callsOf("units.parse_bytes", [null])]),
		).toEqual([]);
	});

	test("random decimals keep every digit that OPA keeps", async () => {
		const amount = fc.stringMatching(/^[0-9]{1,25}(\.[0-9]{1,25})?(e-?[0-9]{1,2})?$/);
		const unit = fc.constantFrom("", "m", "K", "Mi", "G", "Ei", "kb", "gib", "tb");
		const calls = fc.sample(fc.tuple(amount, unit), { numRuns: 1500, seed: 9 }).flatMap(([a, u]): Call[] => [
			["units.parse", [a + u]],
			["units.parse_bytes", [a + u]],
		]);
		expect(await differences(calls)).toEqual([]);
	});

	test("an exponent cannot fill the memory", () => {
		expect(() => call("units.parse", "1e99999")).toThrow("too large");
		expect(() => call("units.parse_bytes", "1e99999")).toThrow("too large");
	});
});

describe("numbers.range_step", () => {
	test("answers as OPA's", async () => {
		const calls = callsOf(
			"numbers.range_step",
			[0, 10, 3],
			[10, 0, 3],
			[0, 10, 1],
			[0, 0, 1],
			[0, 10, 0],
			[0, 10, -1],
			[0.5, 10, 1],
			[0, 10.5, 1],
			[0, 10, 1.5],
			["0", 1, 1],
			[0, null, 1],
			[1e3, 1003, 1],
			[-5, 5, 4],
			[5, -5, 4],
			[0, 3, 100],
			[9007199254740991, 9007199254740985, 2],
			[1e20, 1e20, 1],
		);
		expect(await differences(calls)).toEqual([]);
		expect(() => call("numbers.range_step", 0, 1e15, 1)).toThrow("too large");
	});
});

describe("semver", () => {
	const VERSIONS = [
		"1.0.0",
		"v1.0.0",
		"V1.0.0",
		"1.0",
		"1.0.0.0",
		"01.0.0",
		"1.00.0",
		"0.0.0",
		"1.0.0-alpha",
		"1.0.0-alpha.1",
		"1.0.0-alpha.beta",
		"1.0.0-beta.2",
		"1.0.0-beta.11",
		"1.0.0-rc.1",
		"1.0.0-01",
		"1.0.0-0",
		"1.0.0-00a",
		"1.0.0-a.b+c",
		"1.0.0+c",
		"1.0.0+",
		"1.0.0-",
		"1.0.0-a..b",
		"1.0.0+a+b",
		"1.0.0-é",
		"-1.0.0",
		"+1.0.0",
		"1.0.0 ",
		"",
		"v",
		"vv1.0.0",
		"9223372036854775807.0.0",
		"9223372036854775808.0.0",
		"1.0.0-99999999999999999999",
		"1.0.0-1-2",
		"1.0.0--",
		"1.0.0-A",
		"1.0.0-a",
		"2.0.0",
		"1.2.0",
		"1.0.3",
		"1.0.0-alpha.1.1",
		"1.0.0-1.2.3",
	];

	test("any two versions compare as OPA compares them", async () => {
		const calls: Call[] = VERSIONS.flatMap((a) => VERSIONS.map((b): Call => ["semver.compare", [a, b]]));
		expect(
			await differences([...calls, ...callsOf("semver.compare", [1, "1.0.0"], ["1.0.0", null])]),
		).toEqual([]);
	});

	test("two numbers beyond 64 bits are equal, where OPA would look for a difference for ever", () => {
		expect(call("semver.compare", "1.0.0-99999999999999999998", "1.0.0-99999999999999999999")).toEqual(
			numberTerm(0),
		);
	});

	test("validity is OPA's", async () => {
		expect(
			await differences([...VERSIONS, 1, null, []].map((version): Call => ["semver.is_valid", [version]])),
		).toEqual([]);
	});
});
