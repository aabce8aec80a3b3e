import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Call, differences } from "../../../support/builtin-oracle.ts";
import {
	authorityKeyId,
	basicConstraints,
	type CertificateParts,
	extendedUsage,
	extension,
	generalName,
	keyUsage,
	makeCertificate,
	name,
	otherNames,
	pem,
	type SignatureName,
	subjectKeyId,
} from "../../../support/x509-maker.ts";
import { CLIENT, INTERMEDIATE, LEAF, PSS_LEAF, ROOT } from "../../../support/x509-samples.ts";
import { verifiedOf } from "../../../support/x509-verified.ts";

interface Keys {
	readonly key: KeyObject;
	readonly publicKey: Buffer;
	readonly how: SignatureName;
}

function keysOf(
	pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
	how: SignatureName,
): Keys {
	return { key: pair.privateKey, publicKey: pair.publicKey.export({ format: "der", type: "spki" }), how };
}

const ec = (namedCurve: string, how: SignatureName): Keys =>
	keysOf(generateKeyPairSync("ec", { namedCurve }), how);
const rsa = (modulusLength: number, publicExponent = 65_537): Keys =>
	keysOf(generateKeyPairSync("rsa", { modulusLength, publicExponent }), "sha256Rsa");

/** Of the curve that is the quickest. */
const [A, B, C] = [ec("P-256", "sha256Ec"), ec("P-256", "sha256Ec"), ec("P-256", "sha256Ec")];
const [P384, P521] = [ec("P-384", "sha384Ec"), ec("P-521", "sha512Ec")];
const P224 = ec("secp224r1", "sha256Ec");
const RSA = rsa(2048);
const ED = keysOf(generateKeyPairSync("ed25519"), "ed25519");

interface Parts extends Partial<Omit<CertificateParts, "signer" | "subject" | "issuer" | "publicKey">> {
	/** A signature other than the issuer's own kind. */
	readonly how?: SignatureName;
}

/** A certificate for one's key, by the other. */
function issue(by: string, byKeys: Keys, to: string, toKeys: Keys, parts: Parts = {}): Buffer {
	return makeCertificate({
		subject: name(to),
		issuer: name(by),
		publicKey: toKeys.publicKey,
		signer: { key: byKeys.key, how: parts.how ?? byKeys.how },
		...parts,
	});
}

const CA = [basicConstraints(true)];
const root = issue("r", A, "r", A, { extensions: CA });
const middle = issue("r", A, "m", B, { extensions: CA });
const leaf = issue("m", B, "l", C);

const text = (...certificates: readonly Buffer[]): string => Buffer.concat(certificates).toString("base64");

const WITH_OPTIONS = "crypto.x509.parse_and_verify_certificates_with_options";
const plain = (...certificates: readonly Buffer[]): Call => [
	"crypto.x509.parse_and_verify_certificates",
	[text(...certificates)],
];
const asked = (options: unknown, ...certificates: readonly Buffer[]): Call => [
	WITH_OPTIONS,
	[text(...certificates), options],
];

/** A number that no double holds. */
const exactly = (value: bigint): unknown =>
	(JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value));

describe("chains", () => {
	test("are found and refused as Go finds and refuses them", async () => {
		const under = (extensions: readonly Buffer[], parts: Parts = {}) =>
			issue("r", A, "m", B, { extensions, ...parts });
		const rootOf = (extensions: readonly Buffer[], parts: Parts = {}) =>
			issue("r", A, "r", A, { extensions, ...parts });
		const calls = [
			plain(root, middle, leaf),
			plain(root, leaf),
			plain(root, root),
			plain(leaf, leaf),
			plain(root),
			plain(leaf, middle, root),
			plain(root, leaf, middle),
			plain(root, middle, middle, leaf),
			plain(root, issue("r", A, "l", C)),
			plain(root, under([]), leaf),
			plain(root, under([basicConstraints(false)]), leaf),
			plain(root, under([basicConstraints(true, 0)]), leaf),
			plain(rootOf([basicConstraints(true, 0)]), middle, leaf),
			plain(rootOf([basicConstraints(true, 1)]), middle, leaf),
			plain(rootOf([]), middle, leaf),
			plain(rootOf([], { version: 0 }), middle, leaf),
			plain(rootOf([], { version: 1 }), middle, leaf),
			plain(root, under([], { version: 0 }), leaf),
			plain(root, under([...CA, keyUsage(0x04)]), leaf),
			plain(root, under([...CA, keyUsage(0x80)]), leaf),
			plain(root, under([...CA, keyUsage(0)]), leaf),
			plain(root, under([...CA, extension("1.2.3.4", Buffer.of(5, 0), true)]), leaf),
			plain(root, under([...CA, extension("1.2.3.4", Buffer.of(5, 0))]), leaf),
			plain(root, middle, issue("m", B, "l", C, { extensions: [extension("1.2.3", Buffer.of(), true)] })),
			plain(root, under(CA, { notAfter: "20210101000000Z" }), leaf),
			plain(root, under(CA, { notBefore: "20980101000000Z" }), leaf),
			plain(rootOf(CA, { notAfter: "20210101000000Z" }), middle, leaf),
			plain(root, middle, issue("m", B, "l", C, { notAfter: "20210101000000Z" })),
			plain(root, middle, issue("m", C, "l", C)),
			plain(root, middle, issue("M", B, "l", C)),
			plain(root, issue("r", A, "m", B, { extensions: CA, version: 1 }), leaf),
			// Two ways, of which the first ends nowhere.
			plain(root, issue("x", C, "m", B, { extensions: CA }), middle, leaf),
			// In a circle.
			plain(root, issue("n", C, "m", B, { extensions: CA }), issue("m", B, "n", C, { extensions: CA }), leaf),
			plain(
				root,
				issue("n", C, "m", B, { extensions: [...CA, otherNames(generalName(2, "a"))] }),
				issue("m", B, "n", C, { extensions: CA }),
				middle,
				leaf,
			),
		];
		expect(await differences(calls)).toEqual([]);
	});

	test("begin with the parent that Go likes best", async () => {
		const variants = [[], [subjectKeyId("one")], [subjectKeyId("two")], [subjectKeyId("one"), keyUsage(4)]];
		const middles = variants.map((extensions, i) =>
			issue("r", A, "m", B, { extensions: [...CA, ...extensions], serial: BigInt(i) }),
		);
		const leaves = [[], [authorityKeyId("one")], [authorityKeyId("three")]].map((extensions) =>
			issue("m", B, "l", C, { extensions }),
		);
		const orders = [middles, [...middles].reverse()];
		const calls = leaves.flatMap((last) => orders.map((between) => plain(root, ...between, last)));
		expect(await differences(calls)).toEqual([]);
	});

	test("are sought through as many certificates as Go looks at, and no more", async () => {
		const dead = (count: number) =>
			Array.from({ length: count }, (_, i) => issue("x", C, "m", B, { extensions: CA, serial: BigInt(i) }));
		const calls = [97, 98, 99, 100].map((count) => plain(root, ...dead(count), middle, leaf));
		expect(await differences(calls)).toEqual([]);
		const nested = Array.from({ length: 12 }, (_, i) =>
			issue(`n${i + 1}`, C, `n${i}`, C, { extensions: CA }),
		);
		const doubled = nested.flatMap((one, i) => [
			one,
			issue(`n${i + 1}`, C, `n${i}`, C, { extensions: [...CA, otherNames(generalName(2, "a"))] }),
		]);
		const end = issue("n0", C, "l", C);
		const top = issue("n3", C, "n3", C, { extensions: CA });
		expect(await differences([plain(root, ...doubled, end), plain(top, ...doubled, end)])).toEqual([]);
	}, 120_000);

	test("of certificates that OpenSSL made", async () => {
		const good = [LEAF, PSS_LEAF, CLIENT].map((last) => ROOT + INTERMEDIATE + last);
		const texts = [...good, LEAF + INTERMEDIATE + ROOT, ROOT + LEAF, "", "AAAA", "***", `${good[0]}text`];
		const usages = [["KeyUsageClientAuth"], ["KeyUsageServerAuth"], ["KeyUsageAny"], []];
		const calls = texts.flatMap((certificates): Call[] => [
			["crypto.x509.parse_and_verify_certificates", [certificates]],
			...usages.map((KeyUsages): Call => [WITH_OPTIONS, [certificates, { KeyUsages }]]),
		]);
		expect(await differences(calls)).toEqual([]);
	});
});

describe("signatures", () => {
	test("are checked as Go checks them, by algorithms and keys that it takes", async () => {
		const signers: readonly (readonly [Keys, SignatureName])[] = [
			[A, "sha256Ec"],
			[A, "sha1Ec"],
			[A, "sha512Ec"],
			[P384, "sha256Ec"],
			[P384, "sha384Ec"],
			[P521, "sha384Ec"],
			[P521, "sha512Ec"],
			[P224, "sha512Ec"],
			[RSA, "md5Rsa"],
			[RSA, "sha1Rsa"],
			[RSA, "sha256Rsa"],
			[RSA, "sha384Rsa"],
			[RSA, "sha512Rsa"],
			[RSA, "pss"],
			[rsa(1024), "sha256Rsa"],
			[rsa(1023), "sha256Rsa"],
			[rsa(1025), "pss"],
			[rsa(768), "sha256Rsa"],
			[rsa(2048, 3), "sha256Rsa"],
			[rsa(2048, 2 ** 31 - 1), "sha256Rsa"],
			[rsa(2048, 2 ** 31 + 11), "sha256Rsa"],
			[ED, "ed25519"],
		];
		const calls = signers.flatMap(([keys, how]) => {
			const top = issue("t", keys, "t", keys, { extensions: CA, how });
			const last = issue("t", keys, "l", C, { how });
			const spoilt = Buffer.from(last);
			spoilt[spoilt.length - 1] = (spoilt.at(-1) ?? 0) ^ 1;
			return [plain(top, last), plain(top, spoilt)];
		});
		expect(await differences(calls)).toEqual([]);
	}, 120_000);

	test("that are no good are refused wherever a byte of them is changed", async () => {
		const chains = [
			[root, issue("r", A, "l", C)],
			[issue("t", ED, "t", ED, { extensions: CA }), issue("t", ED, "l", C)],
		];
		const calls = chains.flatMap(([top = root, last = leaf]) =>
			Array.from({ length: 75 }, (_, i) => i).flatMap((back) =>
				[0x01, 0x80, 0xff].map((mask) => {
					const spoilt = Buffer.from(last);
					const at = spoilt.length - 1 - back;
					spoilt[at] = (spoilt[at] ?? 0) ^ mask;
					return plain(top, spoilt);
				}),
			),
		);
		expect(await differences(calls)).toEqual([]);
	}, 120_000);
});

describe("options", () => {
	const server = issue("m", B, "l", C, {
		extensions: [
			otherNames(
				...[
					"a.test",
					"*.b.test",
					"UP.test",
					"_x.test",
					"*",
					"*.",
					"a b",
					".c.test",
					"d.test.",
					"*.*.test",
				].map((one) => generalName(2, one)),
				generalName(7, Buffer.of(10, 0, 0, 1)),
				generalName(7, Buffer.from("20010db8000000000000000000000001", "hex")),
				generalName(7, Buffer.from("00000000000000000000ffff0a000002", "hex")),
			),
		],
	});

	test("name a host as Go looks for it", async () => {
		const hosts = [
			"",
			'"a.test"',
			'""a.test',
			"a.test",
			"A.TEST",
			"a.test.",
			"a.test..",
			"x.b.test",
			"x.y.b.test",
			"b.test",
			"*.b.test",
			".b.test",
			"up.test",
			"_x.test",
			"*",
			"*.",
			".",
			"a b",
			"A B",
			".c.test",
			"x.c.test",
			"d.test",
			"d.test.",
			"*.*.test",
			"x.y.test",
			"-a.test",
			"ä.test",
			"10.0.0.1",
			"[10.0.0.1]",
			"10.0.0.2",
			"::ffff:10.0.0.1",
			"[::ffff:a00:2]",
			"2001:db8::1",
			"[2001:db8::1]",
			"[2001:DB8:0::1]",
			"2001:db8::2",
			"[]",
			"[a.test]",
			"10.0.0.01",
			"fe80::1%eth0",
		];
		const certificates = [root, middle, server];
		const calls = hosts.map((DNSName) => asked({ DNSName }, ...certificates));
		expect(await differences(calls)).toEqual([]);
		expect(await differences([asked({ DNSName: "a.test" }, root, middle, leaf)])).toEqual([]);
	});

	test("of time, of usages and of comparisons are read as OPA reads them", async () => {
		const options = [
			{},
			{ CurrentTime: 0 },
			{ CurrentTime: 1_577_836_800_000_000_000 },
			{ CurrentTime: 4_102_444_799_000_000_000 },
			{ CurrentTime: -1 },
			{ CurrentTime: 1.5 },
			{ CurrentTime: "1" },
			{ CurrentTime: 1e30 },
			{ MaxConstraintComparisons: 0 },
			{ MaxConstraintComparisons: -1 },
			{ MaxConstraintComparisons: 1.5 },
			{ MaxConstraintComparisons: "1" },
			{ KeyUsages: [] },
			{ KeyUsages: "KeyUsageAny" },
			{ KeyUsages: ["KeyUsageAny", "Other"] },
			{ KeyUsages: ['"KeyUsageAny"', 1, null, ["x"]] },
			{ KeyUsages: { $set: ["KeyUsageClientAuth", "KeyUsageServerAuth"] } },
			{ KeyUsages: {} },
			{ DNSName: 1 },
			{ Roots: [] },
			{ dnsname: "a.test" },
			{ DNSName: "a.test", CurrentTime: 0 },
		];
		const calls = options.map((given) => asked(given, root, middle, server));
		const others: readonly Call[] = [
			[WITH_OPTIONS, ["", { Roots: 1 }]],
			[WITH_OPTIONS, ["AAAA", {}]],
			[WITH_OPTIONS, [text(root, middle, server), []]],
			[WITH_OPTIONS, [1, {}]],
			["crypto.x509.parse_and_verify_certificates", [1]],
		];
		expect(await differences([...calls, ...others])).toEqual([]);
	});

	test("bound the times of all certificates to the nanosecond", async () => {
		const start = Date.UTC(2024, 0, 1);
		const short = { notBefore: "20240101000000Z", notAfter: "20240101000010Z" };
		const last = issue("m", B, "l", C, short);
		const offset = issue("m", B, "l", C, {
			notBefore: "20240101010000+0100",
			notAfter: "20240101010010+0100",
		});
		const times = [-1n, 0n, 1n, 10_000_000_000n, 10_000_000_001n].map(
			(ns) => BigInt(start) * 1_000_000n + ns,
		);
		const calls = times.flatMap((now) => [
			asked({ CurrentTime: exactly(now) }, root, middle, last),
			asked({ CurrentTime: exactly(now) }, root, middle, offset),
		]);
		expect(await differences(calls)).toEqual([]);
	});

	test("of usages are held against each certificate of a chain", async () => {
		const ids = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "2.5.29.37.0", "1.2.3.4", "1.3.6.1.5.5.7.3.3"];
		const names = ["KeyUsageServerAuth", "KeyUsageClientAuth", "KeyUsageCodeSigning", "KeyUsageAny"];
		const some = fc.subarray(ids, { maxLength: 2 });
		const worlds = fc.sample(fc.tuple(some, some, some, fc.subarray(names, { maxLength: 2 })), {
			numRuns: 120,
			seed: 4,
		});
		const usage = (of: readonly string[]) => (of.length === 0 ? [] : [extendedUsage(...of)]);
		const calls = worlds.map(([top, between, last, KeyUsages]) =>
			asked(
				{ KeyUsages },
				issue("r", A, "r", A, { extensions: [...CA, ...usage(top)] }),
				issue("r", A, "m", B, { extensions: [...CA, ...usage(between)] }),
				issue("m", B, "l", C, { extensions: usage(last) }),
			),
		);
		expect(await differences(calls)).toEqual([]);
	});
});

/** Random families of few names and keys, so that they meet. */
test("random families give what Go gives", async () => {
	const people = { r: A, m: B, n: RSA } as const;
	const person = fc.tuple(fc.constantFrom("r", "m", "n"), fc.nat(15)).map(([called, stranger]) => ({
		name: called,
		keys: stranger === 0 ? C : people[called],
	}));
	const parts = fc.record({
		ca: fc.constantFrom("no", "yes", "yes", "yes", "yes", "0", "1"),
		usage: fc.constantFrom(undefined, undefined, undefined, undefined, 0x04, 0x80),
		subject: fc.constantFrom(undefined, undefined, "one", "two"),
		authority: fc.constantFrom(undefined, undefined, "one", "two"),
		late: fc.constantFrom(false, false, false, false, false, true),
		version: fc.constantFrom(2, 2, 2, 2, 0),
	});
	const certificate = fc
		.tuple(person, person, parts)
		.map(([by, to, { ca, usage, late, version, ...ids }]) => {
			const extensions = [
				...(ca === "no" ? [] : [basicConstraints(true, ca === "yes" ? undefined : Number(ca))]),
				...(usage === undefined ? [] : [keyUsage(usage)]),
				...(ids.subject === undefined ? [] : [subjectKeyId(ids.subject)]),
				...(ids.authority === undefined ? [] : [authorityKeyId(ids.authority)]),
			];
			return issue(by.name, by.keys, to.name, to.keys, {
				version,
				...(version === 2 ? { extensions } : {}),
				...(late ? { notAfter: "20210101000000Z" } : {}),
			});
		});
	const families = fc.sample(fc.array(certificate, { minLength: 3, maxLength: 12 }), {
		numRuns: 400,
		seed: 11,
	});
	const calls = families.map((family, i) => plain(...(i % 3 === 0 ? [] : [root]), ...family));
	const found = verifiedOf(calls);
	expect(found).toBeGreaterThan(20);
	expect(found).toBeLessThan(140);
	expect(await differences(calls)).toEqual([]);
}, 120_000);

test("PEM is taken as well", async () => {
	const chain = [root, middle, leaf].map((one) => pem("CERTIFICATE", one)).join("");
	expect(await differences([["crypto.x509.parse_and_verify_certificates", [chain]]])).toEqual([]);
});
