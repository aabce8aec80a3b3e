import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { derElement } from "../../../../src/policy/builtins/x509/der.ts";
import { type Call, differences } from "../../../support/builtin-oracle.ts";
import {
	basicConstraints,
	extension,
	generalName,
	makeCertificate,
	name,
	nameConstraints,
	otherNames,
	sequence,
} from "../../../support/x509-maker.ts";
import { verifiedOf } from "../../../support/x509-verified.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const spki = publicKey.export({ format: "der", type: "spki" });
const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({
	format: "der",
	type: "spki",
});

/** Everybody has one key, but for the leaf; its names tell a certificate from its issuer's. */
function issue(by: string, to: string, extensions: readonly Buffer[], key = spki): Buffer {
	const signer = { key: privateKey, how: "sha256Ec" } as const;
	return makeCertificate({ subject: name(to), issuer: name(by), publicKey: key, signer, extensions });
}

const CA = basicConstraints(true);
const call = (...certificates: readonly Buffer[]): Call => [
	"crypto.x509.parse_and_verify_certificates",
	[Buffer.concat(certificates).toString("base64")],
];

type Constraint = readonly [permitted: readonly Buffer[], excluded: readonly Buffer[]];

/** The root's constraints, and perhaps those of an intermediate, over a leaf's names. */
function family(constraints: Constraint, names: readonly Buffer[], between: readonly Buffer[] = []): Call {
	const root = issue("r", "r", [CA, nameConstraints(...constraints)]);
	const leaf = issue(between.length === 0 ? "r" : "m", "l", [otherNames(...names)], other);
	return between.length === 0 ? call(root, leaf) : call(root, issue("r", "m", [CA, ...between]), leaf);
}

const dns = (text: string): Buffer => generalName(2, text);
const email = (text: string): Buffer => generalName(1, text);
const uri = (text: string): Buffer => generalName(6, text);
const ip = (hex: string): Buffer => generalName(7, Buffer.from(hex, "hex"));

/** Each name under each constraint, as permitted and as excluded. */
function everyPair(constraints: readonly (readonly Buffer[])[], names: readonly Buffer[]): readonly Call[] {
	return constraints.flatMap((some) =>
		names.flatMap((one) => [family([some, []], [one]), family([[], some], [one])]),
	);
}

describe("name constraints", () => {
	test("of domains hold as in Go", async () => {
		const constraints = [
			["a.test"],
			[".a.test"],
			[""],
			["A.TEST"],
			["x.a.test", "a.test"],
			["a-b.test", "a.b.test", "b.test"],
			["test"],
			["*.a.test"],
			["a.test", ".b.test", "c.b.test", "d.test"],
		].map((some) => some.map(dns));
		const names = [
			"a.test",
			"x.a.test",
			"X.A.Test",
			"xa.test",
			"a.b.test",
			"a-b.test",
			"b.test",
			"c.b.test",
			"*.a.test",
			"*.test",
			"*.b.test",
			"*a.test",
			"test",
			"",
			"a.test.",
			".a.test",
			"a..test",
			"a b.test",
		].map(dns);
		expect(await differences(everyPair(constraints, names))).toEqual([]);
	}, 120_000);

	test("of addresses hold as in Go", async () => {
		const constraints = [
			["0a000000ff000000"],
			["0a010203ff000000"],
			["09000000ff000000", "0a010203ff000000"],
			["0a000000ff000000", "0a010000ffff0000"],
			["0000000000000000"],
			["0a000001ffffffff"],
			["20010db8000000000000000000000000ffffffff000000000000000000000000"],
			["00000000000000000000ffff0a000000ffffffffffffffffffffffffff000000"],
			["00000000000000000000ffff0a000000ffff0000000000000000000000000000"],
		].map((some) => some.map(ip));
		const names = [
			"0a000001",
			"0a010203",
			"0a010204",
			"0afffffe",
			"09000001",
			"0b000000",
			"20010db8000000000000000000000001",
			"20010db9000000000000000000000001",
			"00000000000000000000ffff0a000001",
		].map(ip);
		expect(await differences(everyPair(constraints, names))).toEqual([]);
	}, 120_000);

	test("of mailboxes hold as in Go", async () => {
		const constraints = [
			["a@b.test"],
			["b.test"],
			[".b.test"],
			["A@B.test", "c.test"],
			['"a"@b.test'],
			["a\\@x@b.test"],
			["a@"],
			[""],
		].map((some) => some.map(email));
		const names = [
			"a@b.test",
			"A@b.test",
			"a@B.TEST",
			"a@x.b.test",
			"c@c.test",
			'"a"@b.test',
			'"a\\b c"@b.test',
			'"a@b.test',
			"a\\@x@b.test",
			".a@b.test",
			"a..b@b.test",
			"a.@b.test",
			"@b.test",
			"a@b.test.",
			"a@b c",
			"a@",
			"b.test",
			"a b@b.test",
			"a@b@c.test",
			'"\x01\x7f"@b.test',
			'"\x09"@b.test',
			'"\\\x09"@b.test',
			'"\x0a"@b.test',
			"",
		].map(email);
		expect(await differences(everyPair(constraints, names))).toEqual([]);
	}, 120_000);

	test("of hosts of URIs hold as in Go", async () => {
		const constraints = [["a.test"], [".a.test"], ["A.test"], [""]].map((some) => some.map(uri));
		const names = [
			"http://a.test/",
			"http://A.TEST:80/x?y#z",
			"spiffe://x.a.test/y",
			"spiffe://b.test",
			"http://10.0.0.1/",
			"http://[::1]/",
			"http://[::1]:80/",
			"http://[fe80::1%25en0]/",
			"urn:a.test",
			"http:///x",
			"//a.test/x",
			"/a.test",
			"http://user:pass@a.test/",
			"http://:80/",
			"x://a:1:2/",
			"x://a]b/",
			"x://a]:1/",
			"http://a.test./",
			"http://a%25b/",
			"http://a..b/",
			"*",
			"a.test",
		].map(uri);
		expect(await differences(everyPair(constraints, names))).toEqual([]);
	}, 120_000);

	test("are read as Go reads them", async () => {
		const subtree = (...parts: readonly Buffer[]) => derElement(0xa0, ...parts);
		const values = [
			sequence(),
			sequence(derElement(0xa0)),
			sequence(subtree(sequence(dns("a.test"), derElement(0x80, Buffer.of(0)))), Buffer.of(5, 0)),
			sequence(subtree(sequence(derElement(0xa4, name("x"))))),
			sequence(subtree(sequence(derElement(0x88, Buffer.of(1))), sequence(dns("a.test")))),
			...["a.test.", "..test", "a b", "é"].flatMap((text) =>
				[dns, email, uri].map((kind) => sequence(subtree(sequence(kind(text))))),
			),
			...["10.0.0.1", "::1", "1.2.3.4.5"].map((text) => sequence(subtree(sequence(uri(text))))),
			...["0a0000", "0a000000ff00ff00", "0a000000fe000000", "00".repeat(32)].map((hex) =>
				sequence(subtree(sequence(ip(hex)))),
			),
		];
		const leaf = issue("r", "l", [otherNames(dns("a.test"))], other);
		const calls = values.flatMap((value) =>
			[true, false].map((critical) =>
				call(issue("r", "r", [CA, extension("2.5.29.30", value, critical)]), leaf),
			),
		);
		expect(await differences(calls)).toEqual([]);
	});

	test("bind all that is below, and not who sets them", async () => {
		const only = (text: string) => nameConstraints([dns(text)], []);
		const names = (...texts: readonly string[]) => otherNames(...texts.map(dns));
		const calls = [
			call(
				issue("r", "r", [CA, names("z.test"), only("a.test")]),
				issue("r", "m", [CA, names("a.test"), only("b.test")]),
				issue("m", "l", [names("a.test")], other),
			),
			call(
				issue("r", "r", [CA]),
				issue("r", "m", [CA, names("a.test"), only("b.test")]),
				issue("m", "l", [names("b.test")], other),
			),
			call(
				issue("r", "r", [CA, only("a.test")]),
				issue("r", "m", [CA, names("c.test")]),
				issue("m", "l", [names("a.test")], other),
			),
			call(issue("r", "r", [CA, only("a.test")]), issue("r", "m", [CA]), issue("m", "l", [], other)),
			call(
				issue("r", "r", [CA, only("a.test")]),
				issue("r", "m", [CA, only("x.a.test")]),
				issue("m", "l", [names("x.a.test")], other),
			),
		];
		expect(await differences(calls)).toEqual([]);
	});

	test("in random families hold as in Go", async () => {
		const label = fc.constantFrom("a", "b", "a-b", "A");
		const domain = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join("."));
		const constrained = fc.tuple(fc.boolean(), domain).map(([dot, text]) => (dot ? `.${text}` : text));
		const named = fc.tuple(fc.boolean(), domain).map(([wild, text]) => (wild ? `*.${text}` : text));
		const octets = fc.constantFrom("0a000000", "0a010000", "0a010200", "0b000000", "0a010203");
		const mask = fc.constantFrom("ff000000", "ffff0000", "ffffff00", "ffffffff");
		const constraint = fc.oneof(
			constrained.map(dns),
			constrained.map(email),
			constrained.map(uri),
			domain.map((text) => email(`x@${text}`)),
			fc.tuple(octets, mask).map(([base, bits]) => ip(base + bits)),
		);
		const given = fc.oneof(
			named.map(dns),
			domain.map((text) => email(`x@${text}`)),
			domain.map((text) => uri(`s://${text}/p`)),
			octets.map(ip),
		);
		const some = fc.array(constraint, { maxLength: 6 });
		const constraints = fc
			.tuple(some, some)
			.filter(([permitted, excluded]) => permitted.length + excluded.length > 0);
		const worlds = fc.sample(fc.tuple(constraints, fc.array(given, { minLength: 1, maxLength: 3 })), {
			numRuns: 250,
			seed: 5,
		});
		const calls = worlds.map(([of, names]) => family(of, names));
		const found = verifiedOf(calls);
		expect(found).toBeGreaterThan(35);
		expect(found).toBeLessThan(215);
		expect(await differences(calls)).toEqual([]);
	}, 120_000);
});
