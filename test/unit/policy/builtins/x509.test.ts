import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Call, differences } from "../../../support/builtin-oracle.ts";
import { generalName, makeCertificate, name, otherNames } from "../../../support/x509-maker.ts";
import {
	CLIENT,
	CLIENT_KEY,
	EVERY_EXTENSION,
	INTERMEDIATE,
	LEAF,
	LEAF_KEY,
	PSS_LEAF,
	ROOT,
} from "../../../support/x509-samples.ts";

const ALL = [EVERY_EXTENSION, ROOT, INTERMEDIATE, LEAF, CLIENT, PSS_LEAF];

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const der = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");

/** The same bytes but for one, or without one, or with one more. */
function changed(bytes: Buffer, seed: number): readonly Buffer[] {
	const change = fc.tuple(
		fc.nat(bytes.length - 1),
		fc.integer({ min: 0, max: 255 }),
		fc.constantFrom(0, 0, 0, 1, -1),
	);
	return fc.sample(change, { numRuns: 150, seed }).map(([at, byte, by]) => {
		if (by < 0) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
		if (by > 0) return Buffer.concat([bytes.subarray(0, at), Buffer.of(byte), bytes.subarray(at)]);
		const copy = Buffer.from(bytes);
		copy[at] = byte;
		return copy;
	});
}

describe("crypto.x509.parse_certificates", () => {
	test("gives what Go reads, as OPA prints it", async () => {
		const texts = [
			...ALL,
			ALL.join(""),
			...ALL.map((pem) => der(pem).toString("base64")),
			base64(ALL.join("\n")),
			Buffer.concat(ALL.map(der)).toString("base64"),
			`text\n${LEAF}`,
			`${LEAF}text`,
			` ${LEAF}`,
			`${LEAF}-----BEGIN X-----\nAAAA\n-----END X-----\n`,
			LEAF.replaceAll("\n", "\r\n"),
			"-----BEGIN",
			"",
			"AAAA",
			"***",
			"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		];
		expect(await differences(texts.map((text): Call => ["crypto.x509.parse_certificates", [text]]))).toEqual(
			[],
		);
	});

	test.each(ALL.map((pem, i) => [i, pem] as const))(
		"refuses what Go refuses, wherever a byte of certificate %i is changed",
		async (_i, pem) => {
			for (const some of [0, 1, 2]) {
				const calls = changed(der(pem), some).map(
					(bytes): Call => ["crypto.x509.parse_certificates", [bytes.toString("base64")]],
				);
				expect(await differences(calls)).toEqual([]);
			}
		},
	);
});

test("a key of a kind that Go knows in no certificate is left out", async () => {
	const { privateKey: key } = generateKeyPairSync("ed25519");
	const keys = [generateKeyPairSync("x25519"), generateKeyPairSync("ed448"), generateKeyPairSync("x448")];
	const calls = keys.map(({ publicKey }): Call => {
		const certificate = makeCertificate({
			subject: name("l"),
			issuer: name("l"),
			publicKey: publicKey.export({ format: "der", type: "spki" }),
			signer: { key, how: "ed25519" },
		});
		return ["crypto.x509.parse_certificates", [certificate.toString("base64")]];
	});
	expect(await differences(calls)).toEqual([]);
});

describe("names of a subject", () => {
	const { privateKey: key, publicKey } = generateKeyPairSync("ed25519");
	const withNames = (...names: readonly Buffer[]): Call => [
		"crypto.x509.parse_certificates",
		[
			makeCertificate({
				subject: name("l"),
				issuer: name("l"),
				publicKey: publicKey.export({ format: "der", type: "spki" }),
				signer: { key, how: "ed25519" },
				extensions: [otherNames(...names)],
			}).toString("base64"),
		],
	];

	test("are URIs in all the forms that Go reads", async () => {
		const unit = fc.constantFrom(
			...[
				"a",
				"Z",
				"9",
				":",
				"/",
				"//",
				"?",
				"#",
				"[",
				"]",
				"@",
				"!",
				"%",
				"%2f",
				"%25",
				"%C3",
				"*",
				".",
				" ",
				'"',
			],
			...["~", "::1", "a:80", "x://", "<", "'", "+", ";", "user:p@", "\u007f", "é"],
		);
		const texts = fc.sample(
			fc.array(unit, { maxLength: 8 }).map((units) => units.join("")),
			{ numRuns: 600, seed: 3 },
		);
		const hosted = texts.map((text) => `s://${text}`);
		const calls = [...texts, ...hosted].map((text) => withNames(generalName(6, text)));
		expect(await differences(calls)).toEqual([]);
	}, 120_000);

	test("are kept in order, by kind, and unknown kinds left out", async () => {
		const calls = [
			withNames(),
			withNames(
				generalName(2, "b"),
				generalName(1, "c@d"),
				generalName(2, "a"),
				generalName(7, Buffer.of(1, 2, 3, 4)),
			),
			withNames(generalName(7, Buffer.of(1, 2, 3))),
			withNames(generalName(2, "é")),
			withNames(generalName(1, "é@x")),
			withNames(Buffer.of(0xa4, 0), generalName(2, "a")),
		];
		expect(await differences(calls)).toEqual([]);
	});
});

describe("private keys", () => {
	const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
	const small = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
	const ec = ["P-256", "P-384", "P-521"].map(
		(namedCurve) => generateKeyPairSync("ec", { namedCurve }).privateKey,
	);
	const others = [
		generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey,
		generateKeyPairSync("ed448").privateKey,
	];
	const x25519 = generateKeyPairSync("x25519").privateKey;
	const pkcs8 = [rsa, small, ...ec, generateKeyPairSync("ed25519").privateKey, x25519, ...others].map((key) =>
		key.export({ format: "pem", type: "pkcs8" }).toString(),
	);
	const own = [
		...[rsa, small].map((key) => key.export({ format: "pem", type: "pkcs1" }).toString()),
		...ec.map((key) => key.export({ format: "pem", type: "sec1" }).toString()),
	];
	const texts = [...pkcs8, ...own, LEAF_KEY, CLIENT_KEY];

	test("are given as OPA gives them", async () => {
		const given = [
			...texts,
			...texts.map(base64),
			LEAF + LEAF_KEY,
			LEAF_KEY + CLIENT_KEY,
			`${CLIENT_KEY}text`,
			`text\n${CLIENT_KEY}`,
			LEAF,
			"",
			"text",
			"AAAA",
			(own[0] as string).replaceAll("RSA PRIVATE", "PRIVATE"),
			(pkcs8[0] as string).replaceAll("PRIVATE", "RSA PRIVATE"),
			(pkcs8[2] as string).replaceAll("PRIVATE", "EC PRIVATE"),
			rsa.export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "x" }).toString(),
			"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		];
		const calls = given.flatMap((text): Call[] => [
			["crypto.parse_private_keys", [text]],
			["crypto.x509.parse_rsa_private_key", [text]],
		]);
		expect(await differences(calls)).toEqual([]);
	});

	test("are paired with certificates as OPA pairs them", async () => {
		const keys = [
			LEAF_KEY,
			CLIENT_KEY,
			...texts,
			LEAF,
			"",
			der(LEAF_KEY).toString("base64"),
			base64(LEAF_KEY),
		];
		const certificates = [
			LEAF,
			CLIENT,
			LEAF + INTERMEDIATE,
			INTERMEDIATE + LEAF,
			LEAF_KEY + LEAF,
			LEAF_KEY,
			"",
			base64(LEAF),
			der(LEAF).toString("base64"),
		];
		const calls = certificates.flatMap((certificate) =>
			keys.map((key): Call => ["crypto.x509.parse_keypair", [certificate, key]]),
		);
		expect(await differences(calls)).toEqual([]);
	});
});
