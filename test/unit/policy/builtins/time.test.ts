import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { formatTime } from "../../../../src/policy/builtins/time/format.ts";
import { layoutNamed } from "../../../../src/policy/builtins/time/layout.ts";
import { zoneNamed } from "../../../../src/policy/builtins/time/zone.ts";
import { type Call, callsOf, differences } from "../../../support/builtin-oracle.ts";
import { inputOf, policyOf } from "../../../support/policy.ts";

/** So many years, months or days that Go's own sums overflow, and mean nothing. */
const overflows = (text: string): boolean => Math.abs(Number(text)) > 1e11;

/** A number literal of any size, as it is in the request's JSON. */
const raw = (literal: string): unknown =>
	(JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(literal);

const FIELDS = [
	..."January Jan Monday Mon MST 002 01 02 03 04 05 06 15 1 2006 2 _2 __2 3 4 5 PM pm".split(" "),
	..."-070000 -07:00:00 -0700 -07:00 -07 Z070000 Z07:00:00 Z0700 Z07:00 Z07".split(" "),
	..."_2006 .000 ,000 .999 .9 ,9 .000000000 .0000000000000 .999999999999 Month Janet Monk 2025 0 .05".split(
		" ",
	),
];
const NAMED =
	"ANSIC UnixDate RubyDate RFC822 RFC822Z RFC850 RFC1123 RFC1123Z RFC3339 RFC3339Nano Kitchen".split(" ");
const ZONES = [
	..."UTC Europe/Berlin America/New_York Asia/Kathmandu Australia/Lord_Howe Africa/Casablanca Europe/Dublin".split(
		" ",
	),
	..."America/Sao_Paulo Pacific/Apia Pacific/Chatham Antarctica/Troll Etc/GMT+5 America/St_Johns".split(" "),
	..."Asia/Tehran Asia/Gaza America/Nuuk Africa/Monrovia Pacific/Kiritimati US/Pacific America/Godthab".split(
		" ",
	),
];

const literal = fc
	.oneof(
		fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
		fc.bigInt({ min: 0n, max: 2_500_000_000n }).map((second) => second * 1_000_000_000n),
		fc.bigInt({ min: 0n, max: 4_000_000_000_000n }).map((ms) => ms * 1_000_000n),
	)
	.map(String);
/** Where and when the releases of the IANA database agree, so that it does not count which one this machine's OPA has. */
const place = fc.oneof(
	fc.tuple(literal, fc.constantFrom("UTC", "", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")),
	fc.tuple(
		fc.bigInt({ min: 631_152_000n, max: 9_000_000_000n }).map((second) => `${second}000000000`),
		fc.constantFrom(...ZONES),
	),
);
const layout = fc.oneof(
	fc.constantFrom(...NAMED),
	fc
		.array(
			fc.oneof(
				{ weight: 3, arbitrary: fc.constantFrom(...FIELDS) },
				{ weight: 2, arbitrary: fc.constantFrom(" ", "-", "/", ":", "T", "  ", "é", ",", ".", "x") },
			),
			{
				maxLength: 9,
			},
		)
		.map((parts) => parts.join("")),
);
const amount = fc.oneof(fc.integer({ min: -40, max: 40 }), fc.integer({ min: -4000, max: 4000 }));

const sample = <T>(arbitrary: fc.Arbitrary<T>, count: number): readonly T[] =>
	fc.sample(arbitrary, { numRuns: count, seed: 20261124 });

function format(ns: string, zoneName: string, layoutText: string): string {
	const value = BigInt(ns);
	const nanosecond = ((value % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
	const zone = zoneNamed(zoneName);
	if (zone === undefined) throw new Error(zoneName);
	const second = Number((value - nanosecond) / 1_000_000_000n);
	return formatTime(second, Number(nanosecond), zone, layoutNamed(layoutText));
}

/** Layouts with what they print of some instant, and the like with one character changed. */
function readable(): readonly Call[] {
	const parts = sample(
		fc.tuple(place, layout, fc.nat(), fc.constantFrom(..."0159 +-:.,ZTPMamx".split(""))),
		900,
	);
	return parts.map(([[ns, zoneName], layoutText, at, put], i) => {
		const value = format(ns, zoneName, layoutText);
		if (i % 3 === 0 || value === "") return ["time.parse_ns", [layoutText, value]];
		const place = at % value.length;
		const changed = value.slice(0, place) + put + value.slice(place + (i % 3 === 1 ? 1 : 0));
		return ["time.parse_ns", [layoutText, changed]];
	});
}

/** No two are equal: OPA answers the second of two equal calls from its cache, however it is written. */
const LITERALS = [
	..."0 1 -1 2.0 1.5 1e18 1.7e18 1e19 -1e19 1e400 1e-400 5e-1 30e-1 1e5000 40e0 50.00".split(" "),
	..."9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809".split(" "),
	..."9223372036854775807.1 9223372036854775807.5 9223372036854775807.9 -9223372036854775808.1".split(" "),
	..."1.00000000000000000000001 1.0000000000000000001 4611686018427387904.25 4611686018427387904.1".split(
		" ",
	),
	..."100.000000000000000000 12345678901234567890123 1E3 6e+1 1000000 1000000000".split(" "),
];

describe("time", () => {
	test("reads numbers as OPA does, however they are written", async () => {
		const whens = LITERALS.flatMap((text): Call[] => [
			["time.date", [raw(text)]],
			["time.clock", [[raw(text), "UTC"]]],
			["time.format", [[raw(text), ""]]],
			["time.add_date", [raw(text), 0, 0, 0]],
		]);
		const amounts = LITERALS.filter((text) => !overflows(text)).flatMap((text): Call[] => [
			["time.add_date", [0, raw(text), 0, 0]],
			["time.add_date", [0, 0, raw(text), 0]],
			["time.add_date", [0, 0, 0, raw(text)]],
		]);
		const calls = [...whens, ...amounts];
		expect(await differences(calls)).toEqual([]);
	});

	test("takes a number, or an array of number, zone and layout, and nothing else", async () => {
		const whens: readonly unknown[] = [
			[],
			[0],
			["0"],
			[0, ""],
			[0, "", ""],
			[0, "UTC", "2006", 1],
			[0, 1],
			[0, "UTC", 1],
			[0, null],
			null,
			"0",
			{ a: 1 },
			{ $set: [0] },
			...[
				"Nowhere/Town",
				"+05:00",
				"../etc/passwd",
				"europe/berlin",
				"/UTC",
				"Europe",
				"utc",
				"Z",
				"a\0b",
				"constructor",
			].map((name) => [0, name]),
		];
		const calls = ["time.date", "time.clock", "time.weekday", "time.format"].flatMap((name) =>
			whens.map((when): Call => [name, [when]]),
		);
		const pairs = whens.flatMap((when) => callsOf("time.diff", [when, 0], [0, when]));
		expect(
			await differences([...calls, ...pairs, ...callsOf("time.add_date", ["0", 0, 0, 0], [0, "1", 0, 0])]),
		).toEqual([]);
	});

	test("prints any instant in any zone by any layout", async () => {
		const calls = sample(fc.tuple(place, layout), 1500).map(
			([[ns, name], text]): Call => ["time.format", [[raw(ns), name, text]]],
		);
		expect(await differences(calls)).toEqual([]);
	});

	test("gives dates, clocks and weekdays in zones, around their changes too", async () => {
		// The hours around changes of 2026 in Berlin and New York, and of Lord Howe's half hour.
		const changes = [
			1_774_746_000, 1_792_890_000, 1_772_953_200, 1_793_512_800, 1_775_314_800, 1_791_041_400,
		];
		const edges = changes.flatMap((second) => [-1, 0, 1].map((by) => `${second + by}000000000`));
		const known = edges.flatMap((ns) =>
			["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"].map((name) => [ns, name] as const),
		);
		const calls = [...sample(place, 300), ...known].flatMap(([ns, name]): Call[] => [
			["time.date", [[raw(ns), name]]],
			["time.clock", [[raw(ns), name]]],
			["time.weekday", [[raw(ns), name]]],
		]);
		expect(await differences(calls)).toEqual([]);
	});

	test("reads what it printed, and refuses what OPA refuses", async () => {
		const calls = readable();
		expect(await differences(calls)).toEqual([]);
	});

	test("reads layouts of every kind", async () => {
		const calls = callsOf(
			"time.parse_ns",
			["", ""],
			["", "x"],
			["2006", "2026"],
			["2006", "+026"],
			["2006", "20a6"],
			["06", "69"],
			["06", "68"],
			["06", "-5"],
			["06", "+5"],
			["2006-002", "2024-366"],
			["2006-002", "2023-366"],
			["2006-002", "2024-060"],
			["2006-002", "2023-060"],
			["2006-002", "2023-000"],
			["2006-__2", "2023-  7"],
			["2006-__2", "2023-7"],
			["2006-01-02 002", "2024-02-29 060"],
			["2006-01-02 002", "2024-03-01 060"],
			["2006-01-02", "2023-02-29"],
			["2006-1-2", "2023-2-9"],
			["2006-01-02", "2023-2-09"],
			["2006-01-_2", "2023-02- 9"],
			["2006-01-02", "0001-01-01"],
			["2006-01-02", "9999-12-31"],
			["Jan 2006", "jAN 2026"],
			["January 2006", "FEBRUARY 2026"],
			["Mon 2006", "tue 2026"],
			["Monday 2006", "tue 2026"],
			["2006 3PM", "2026 12PM"],
			["2006 3PM", "2026 12AM"],
			["2006 3PM", "2026 0PM"],
			["2006 3PM", "2026 13PM"],
			["2006 15PM", "2026 13PM"],
			["2006 3pm", "2026 3PM"],
			["2006 3PMPM", "2026 12PMAM"],
			["2006 3PMPM", "2026 11AMPM"],
			["2006 15:04:05", "2026 24:00:00"],
			["2006 15:04:05", "2026 23:60:00"],
			["2006 15:04:05", "2026 23:00:60"],
			["2006 15:04:05", "2026 1:02:03.5"],
			["2006 15:04:05", "2026 1:02:03,123456789123"],
			["2006 15:04:05.", "2026 1:02:03."],
			["2006 15:04:05.000", "2026 1:02:03.1234"],
			["2006 15:04:05.000", "2026 1:02:03.12"],
			["2006 15:04:05 .000", "2026 1:02:03.500 .123"],
			["2006 15:04:05x.000", "2026 1:02:03x.123"],
			["2006 15:04:05x.000", "2026 1:02:03.5x.123"],
			["2006 .000", "2026 .-12"],
			["2006 .000", "2026 .+12"],
			["2006 .0", "2026 .-"],
			["2006 .999", "2026 "],
			["2006 MST", "2026 CET"],
			["2006 MST", "2026 UTC"],
			["2006 MST", "2026 UTCX"],
			["2006 MST", "2026 GMT+5"],
			["2006 MST", "2026 GMT+24"],
			["2006 MST", "2026 WITA"],
			["2006 MST", "2026 ABCD"],
			["2006 MST", "2026 ABCT"],
			["2006 MST", "2026 ABCDT"],
			["2006 MST", "2026 ABCDEF"],
			["2006 MST", "2026 ChST"],
			["2006 MST", "2026 +03"],
			["2006 MST", "2026 +3"],
			["2006 MST", "2026 -24"],
			["2006 MST", "2026 Cet"],
			["2006 -0700", "2026 +0530"],
			["2006 -0700", "2026 +2460"],
			["2006 -0700", "2026 +2500"],
			["2006 -0700", "2026 +2361"],
			["2006 -0700", "2026 Z"],
			["2006 Z0700", "2026 Z"],
			["2006 Z07:00:00", "2026 -00:00:01"],
			["2006 Z07:00:00", "2026 -00:00:02"],
			["2006 MST -0700", "2026 UTC +0500"],
			["2006 -0700 MST", "2026 +0500 CET"],
			["2006  x", "2026 x"],
			["2006 x", "2026    x"],
			["2006 ", "2026"],
			["2006", "2026 "],
			["é2006", "é2026"],
			["UnixDate", "Sun Mar  1 12:00:00 CET 2026"],
			["RFC1123", "Sun, 01 Mar 2026 12:00:00 GMT"],
			["RFC1123Z", "Sun, 01 Mar 2026 12:00:00 +0100"],
			["Kitchen", "3:04PM"],
			["3:04PM", "3:04PM"],
			["2006-01-02T15:04:05Z07:00", "1677-09-21T00:12:43.145224192Z"],
			["2006-01-02T15:04:05Z07:00", "1677-09-21T00:12:43.145224191Z"],
			["2006-01-02T15:04:05Z07:00", "2262-04-11T23:47:16.854775807Z"],
			["2006-01-02T15:04:05Z07:00", "2262-04-11T23:47:16.854775808Z"],
		);
		expect(await differences(calls)).toEqual([]);
	});

	test("counts durations as Go does, with days, weeks and years", async () => {
		const number = fc.oneof(
			fc.nat(100_000).map(String),
			fc.tuple(fc.nat(9999), fc.nat(999_999)).map(([whole, part]) => `${whole}.${part}`),
			fc.constantFrom(
				"",
				".",
				".5",
				"1.",
				"1.2.3",
				"007",
				"9223372036854775807",
				"99999999999999999999999",
				"0",
			),
		);
		const unit = fc.constantFrom("ns", "us", "µs", "μs", "ms", "s", "m", "h", "d", "w", "y", "M", "", "Y");
		const texts = sample(
			fc
				.tuple(fc.constantFrom("", "-", "+", "--"), fc.array(fc.tuple(number, unit), { maxLength: 4 }))
				.map(([sign, parts]) => sign + parts.flat().join("")),
			1000,
		);
		const more =
			"0 -0 +0 00 1 1d2h30m 106751d 106752d -106751d 292y 293y 1.5y 0.0000001d 1e3s 15250w 15251w 1dd d 1d1 -1d-1h"
				.split(" ")
				.concat(
					" 1s",
					"1s ",
					"9223372036854775807ns",
					"9223372036854775808ns",
					"-9223372036854775808ns",
					"-9223372036854775809ns",
					"0.1234567891234567891234567s",
					"1d1µs",
					"1d1μs",
					`${"9".repeat(400)}d`,
					`${"9".repeat(400)}h`,
					`0.${"9".repeat(400)}h`,
				);
		const calls = [...texts, ...more].map((text): Call => ["time.parse_duration_ns", [text]]);
		expect(await differences(calls)).toEqual([]);
	});

	test("adds years, months and days in a zone, and counts the difference back", async () => {
		const calls = sample(fc.tuple(place, place, amount, amount, amount), 500).flatMap(
			([[ns, here], [other, there], years, months, days]): Call[] => [
				["time.add_date", [[raw(ns), here], years % 300, months, days]],
				[
					"time.diff",
					[
						[raw(ns), here],
						[raw(other), there],
					],
				],
			],
		);
		expect(await differences(calls)).toEqual([]);
	});

	test("refuses sums that 64 bits of nanoseconds cannot hold", async () => {
		const calls = callsOf(
			"time.add_date",
			[0, 292, 0, 0],
			[0, 293, 0, 0],
			[0, -293, 0, 0],
			[0, 1_000_000, 0, 0],
			[0, 0, 0, 1_000_000_000],
			[0, 1_000_000, -12_000_000, 0],
			[raw("9223372036854775807"), 0, 0, 1],
		);
		expect(await differences(calls)).toEqual([]);
	});

	test("the time is the clock's, and does not move within one evaluation", async () => {
		const rego = `package envoy.authz

allow := [time.now_ns(), time.now_ns() == time.now_ns(), [time.now_ns() | some _ in numbers.range(1, 100)]]
`;
		let now = 1_700_000_000_000;
		const clock = { now: () => now++, monotonic: () => 0 };
		const policy = await policyOf(rego, { clock });
		const times = [1, 2].map(() => {
			const outcome = policy.evaluate("envoy/authz/allow", inputOf({}));
			if (outcome.kind !== "value") throw new Error(outcome.kind);
			const [first, same, all] = outcome.value as [number, boolean, number[]];
			expect(same).toBe(true);
			expect(new Set(all)).toEqual(new Set([first]));
			return first;
		});
		expect(times[1]).toBeGreaterThan(times[0] as number);
	});
});
