import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { HOST_BUILTINS } from "../../../../src/policy/builtins/table.ts";
import { arrayTerm } from "../../../../src/policy/term/term.ts";
import { type Call, callsOf, differences } from "../../../support/builtin-oracle.ts";

const call = (name: string, ...args: Parameters<typeof arrayTerm>[0]) =>
	HOST_BUILTINS.get(name)?.(args, undefined as never);

const ADDRESSES = [
	"10.1.2.3",
	"0.0.0.0",
	"255.255.255.255",
	"::",
	"::1",
	"2001:db8::1",
	"::ffff:10.1.2.3",
	"::ffff:a01:203",
	"::10.1.2.3",
	"10.01.2.3",
	"10.1.2",
	"10.1.2.256",
	"1.2.3.4.5",
	"fe80::1%eth0",
	"1:2:3:4:5:6:7:8",
	"1:2:3:4:5:6:7::",
	"::2:3:4:5:6:7:8",
	"1:2:3:4:5:6:7:8::",
	"1::2::3",
	":1",
	"1:",
	":::",
	"12345::",
	"g::",
	"1:2:3:4:5:6:1.2.3.4",
	"1:2:3:4:5:6:7:1.2.3.4",
	"1.2.3.4::",
	"::1.2.3",
	"::1.2.3.04",
	"",
	" 1.2.3.4",
	"1.2.3.4 ",
	"1:0:0:2:0:0:0:3",
	"1:0:0:2:0:0:3:4",
	"0:1::",
	"1.2.3.-4",
	"\u0661.2.3.4",
];

describe("networks", () => {
	test("addresses and masks are read as Go reads them", async () => {
		const masks = [
			"/0",
			"/8",
			"/08",
			"/30",
			"/32",
			"/33",
			"/96",
			"/110",
			"/120",
			"/128",
			"/129",
			"/",
			"",
			"/-1",
			"/+8",
			"/8/8",
			"/ 8",
			"/99999999",
		];
		const texts = ADDRESSES.flatMap((address) => masks.map((mask) => address + mask));
		const calls: Call[] = [
			...texts.map((text): Call => ["net.cidr_is_valid", [text]]),
			...texts.map((text): Call => ["net.cidr_contains_matches", ["0.0.0.0/0", text]]),
			...texts.map((text): Call => ["net.cidr_contains_matches", ["::/0", text]]),
			...texts.map((text): Call => ["net.cidr_contains_matches", [text, "::ffff:10.1.2.3"]]),
			...callsOf("net.cidr_is_valid", [1], [null], [["10.0.0.0/8"]]),
		];
		expect(await differences(calls)).toEqual([]);
	});

	test("small ones are expanded", async () => {
		const calls = callsOf(
			"net.cidr_expand",
			["10.0.0.5/30"],
			["255.255.255.252/30"],
			["0.0.0.0/31"],
			["10.0.0.1/32"],
			["2001:db8::ff/124"],
			["::ffff:10.0.0.1/126"],
			["::ffff:255.255.255.255/127"],
			["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/126"],
			["::/126"],
			["x"],
			["10.0.0.1"],
			[1],
			["192.168.0.0/22"],
			["::fffe:ffff:fffe/126"],
			["1:0:0:1::/125"],
		);
		expect(await differences(calls)).toEqual([]);
		expect(() => call("net.cidr_expand", "10.0.0.0/8")).toThrow("too large");
		expect(() => call("net.cidr_expand", "::/0")).toThrow("too large");
	});

	test("random ones are merged and matched as OPA does", async () => {
		const octet = fc.constantFrom(0, 1, 2, 3, 127, 128, 191, 192, 255);
		const ipv4 = fc
			.tuple(fc.constantFrom(0, 10, 128, 192, 255), octet, octet, octet)
			.map((parts) => parts.join("."));
		const cidr4 = fc
			.tuple(ipv4, fc.constantFrom(0, 1, 7, 8, 9, 15, 16, 23, 24, 30, 31, 32))
			.map(([ip, bits]) => `${ip}/${bits}`);
		const group = fc.constantFrom("0", "1", "8000", "ffff");
		const ipv6 = fc
			.tuple(fc.constantFrom("2001", "fe80"), group, group)
			.map((parts) => `${parts.join(":")}::`);
		const cidr6 = fc
			.tuple(ipv6, fc.constantFrom(16, 17, 31, 32, 33, 47, 48, 64, 127, 128))
			.map(([ip, bits]) => `${ip}/${bits}`);
		const merges = fc.sample(fc.array(fc.oneof(cidr4, cidr4, cidr6, ipv4), { maxLength: 7 }), {
			numRuns: 1200,
			seed: 3,
		});
		const any = fc.oneof(
			cidr4,
			cidr6,
			ipv4,
			ipv6,
			ipv4.map((ip) => `::ffff:${ip}`),
			cidr4.map((net) => `::ffff:${net}`),
			fc.constant("::ffff:0:0/96"),
			fc.constant("::/0"),
		);
		const pairs = fc.sample(fc.tuple(fc.oneof(cidr4, cidr6, any), any), { numRuns: 1500, seed: 4 });
		const calls: Call[] = [
			...merges.map((list): Call => ["net.cidr_merge", [list]]),
			...merges.slice(0, 100).map((list): Call => ["net.cidr_merge", [{ $set: list }]]),
			...pairs.map((pair): Call => ["net.cidr_contains_matches", pair]),
		];
		expect(await differences(calls)).toEqual([]);
	});

	test("what cannot be merged is undefined, and what OPA merges wrongly a failure", async () => {
		const calls = callsOf(
			"net.cidr_merge",
			[[]],
			[["x"]],
			[["::1"]],
			[["10.0.0.1"]],
			[["::ffff:10.0.0.1"]],
			[[1]],
			["10.0.0.0/8"],
			[{}],
			[["10.0.0.0/8", "x"]],
			[["1.2.3.4", "200.1.2.3", "150.1.2.3"]],
		);
		expect(await differences(calls)).toEqual([]);
		expect(() => call("net.cidr_merge", arrayTerm(["::ffff:10.0.0.0/104"]))).toThrow("not supported");
		expect(() => call("net.cidr_merge", arrayTerm(["255.0.0.0/8", "0:0:0:0:1::/80"]))).toThrow(
			"both families",
		);
	});

	test("matches are keyed by index, key or element", async () => {
		const networks = [
			"10.0.0.0/8",
			["10.0.0.0/8", "11.0.0.0/8"],
			{ $set: ["10.0.0.0/8", "11.0.0.0/8"] },
			{ a: "10.0.0.0/8", b: ["11.0.0.0/8", 1] },
			[["10.0.0.0/8", "ten"], "11.0.0.0/8"],
			{ $set: [["10.0.0.0/8", "ten"]] },
			[],
			{},
			{ $set: [] },
			[[]],
			[1],
			[["x"]],
			[[1]],
			1,
			null,
			"x",
			[{ a: 1 }],
		];
		const insides = [
			"10.1.1.1",
			"10.1.0.0/16",
			["10.1.1.1", "12.1.1.1"],
			{ x: "11.1.1.1" },
			{ $set: ["11.1.1.1"] },
			[["10.1.1.1", 2]],
			[],
			{},
			["x"],
			[[]],
			[2],
			true,
			"x",
		];
		const calls = networks.flatMap((network) =>
			insides.map((inside): Call => ["net.cidr_contains_matches", [network, inside]]),
		);
		expect(await differences(calls)).toEqual([]);
	});
});
