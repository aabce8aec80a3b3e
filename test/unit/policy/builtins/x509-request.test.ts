import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { derElement, derNumber, TAG } from "../../../../src/policy/builtins/x509/der.ts";
import { type Call, differences } from "../../../support/builtin-oracle.ts";
import {
	boolean,
	extension,
	generalName,
	makeRequest,
	name,
	oid,
	pem,
	type RequestParts,
	type SignatureName,
	sequence,
} from "../../../support/x509-maker.ts";
import { LEAF, PLAIN_REQUEST, REQUEST } from "../../../support/x509-samples.ts";

const call = (text: unknown): Call => ["crypto.x509.parse_certificate_request", [text]];
const of = (der: Buffer): Call => call(der.toString("base64"));
const derOf = (text: string): Buffer => Buffer.from(text.replace(/-----[^-]+-----|\s/g, ""), "base64");
const set = (...parts: readonly Buffer[]): Buffer => derElement(TAG.set, ...parts);

const ed = generateKeyPairSync("ed25519");
const spki = (key: KeyObject): Buffer => key.export({ format: "der", type: "spki" });

function request(parts: Partial<RequestParts>): Call {
	const signer = { key: ed.privateKey, how: "ed25519" } as const;
	return of(
		makeRequest({ subject: name("s"), publicKey: spki(ed.publicKey), signer, attributes: [], ...parts }),
	);
}

test("a request is given as OPA gives it, in every form that it is taken in", async () => {
	const texts = [REQUEST, PLAIN_REQUEST].flatMap((text) => [
		text,
		text.replaceAll("\n", "\r\n"),
		` ${text}`,
		`${text}more`,
		text.replace("BEGIN CERTIFICATE", "BEGIN NEW CERTIFICATE"),
		text.replace("MII", "***"),
		Buffer.from(text).toString("base64"),
		Buffer.from(`text\n${text}`).toString("base64"),
		derOf(text).toString("base64"),
		`${derOf(text).toString("base64")}AAAA`,
		Buffer.concat([derOf(text), Buffer.of(5, 0)]).toString("base64"),
	]);
	const others = ["", "AAAA", "text", LEAF, Buffer.from(LEAF).toString("base64"), REQUEST + PLAIN_REQUEST, 1];
	expect(await differences([...texts, ...others].map(call))).toEqual([]);
});

test("its key may be of every kind", async () => {
	const pairs: readonly (readonly [KeyObject, KeyObject, SignatureName])[] = [
		...(["P-256", "P-384", "P-521", "secp224r1"] as const).map((namedCurve) => {
			const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
			return [publicKey, privateKey, "sha1Ec"] as const;
		}),
		...[1024, 2048].map((modulusLength) => {
			const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength });
			return [publicKey, privateKey, "pss"] as const;
		}),
		[generateKeyPairSync("x25519").publicKey, ed.privateKey, "ed25519"],
		[generateKeyPairSync("ed448").publicKey, ed.privateKey, "ed25519"],
		[generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey, ed.privateKey, "ed25519"],
	];
	const calls = pairs.map(([publicKey, key, how]) =>
		request({ publicKey: spki(publicKey), signer: { key, how } }),
	);
	expect(await differences(calls)).toEqual([]);
});

/** Elements of every type that Go has a value for, good ones and bad ones, and of others. */
const ELEMENTS = [
	boolean(true),
	derElement(TAG.boolean, Buffer.of(1)),
	derNumber(0n),
	derNumber(2n ** 63n - 1n),
	derNumber(2n ** 64n),
	derElement(TAG.integer, Buffer.of(0x80)),
	derElement(TAG.integer, Buffer.of(0, 1)),
	derElement(TAG.integer),
	derElement(TAG.bits, Buffer.of(3, 0xf8)),
	derElement(TAG.bits, Buffer.of(3, 0xf9)),
	derElement(TAG.bits, Buffer.of(0)),
	derElement(TAG.octets, Buffer.from("bytes")),
	derElement(TAG.octets),
	derElement(TAG.null),
	oid("1.2.840.113549"),
	derElement(TAG.oid, Buffer.of(0x80, 1)),
	derElement(TAG.utf8, Buffer.from("é<&>")),
	derElement(TAG.utf8, Buffer.of(0xff)),
	derElement(TAG.printable, Buffer.from("a*&")),
	derElement(TAG.printable, Buffer.from("a_")),
	derElement(TAG.numeric, Buffer.from("1 2")),
	derElement(TAG.numeric, Buffer.from("a")),
	derElement(TAG.ia5, Buffer.from("a@b")),
	derElement(TAG.ia5, Buffer.of(0x80)),
	derElement(TAG.t61, Buffer.of(0xe9)),
	derElement(TAG.bmp, Buffer.of(0, 0xe9, 0, 0)),
	derElement(TAG.bmp, Buffer.of(0xd8, 0)),
	...[
		"2001021504Z",
		"200102150405Z",
		"490102150405+0100",
		"500102150405Z",
		"2001021504",
		"200102150460Z",
	].map((text) => derElement(TAG.utcTime, Buffer.from(text))),
	...[
		"20200102150405Z",
		"20200102150405.5Z",
		"20200102150405.50Z",
		"20200102150405.123456789Z",
		"20200102150405.1234567891Z",
		"20200102150405,5Z",
		"00000102150405Z",
		"20200102150405+2400",
		"20200102150405+0000",
		"20200230150405Z",
	].map((text) => derElement(TAG.generalizedTime, Buffer.from(text))),
	derElement(0x2c, Buffer.from("a")),
	derElement(0x80, Buffer.from("a")),
	sequence(),
	Buffer.of(0x9f, 0x1f, 1, 5),
	Buffer.of(0x9f, 0x81, 0x00, 0),
	Buffer.of(0x9f, 0x1e, 0),
	Buffer.of(0x9f, 0x80, 0x81, 0),
	Buffer.of(0x1f, 0x8f, 0xff, 0xff, 0xff, 0x7f, 0),
	Buffer.of(0x04, 0x81, 1, 0),
	Buffer.of(0x04, 5, 0),
	Buffer.alloc(0),
];

test("values of every type are read, or left out, as Go does", async () => {
	const named = (value: Buffer) =>
		sequence(set(sequence(oid("2.5.4.3"), value), sequence(oid("1.2.3"), value)));
	const attribute = (value: Buffer) => sequence(oid("1.2.3"), set(sequence(sequence(oid("1.2.4"), value))));
	const calls = ELEMENTS.flatMap((value) => [
		request({ subject: named(value) }),
		request({ attributes: [attribute(value), attribute(derNumber(1n))] }),
		request({ attributes: [value] }),
		request({ subject: value }),
		request({ publicKey: sequence(sequence(oid("1.2.3"), value), derElement(TAG.bits, Buffer.of(0, 1))) }),
	]);
	expect(await differences(calls)).toEqual([]);
});

test("attributes of every shape are read, or left out, as Go does", async () => {
	const asks = oid("1.2.840.113549.1.9.14");
	const names = (text: string) => extension("2.5.29.17", sequence(generalName(2, text)));
	const attributes = [
		[],
		[sequence(oid("1.2.3"), set())],
		[sequence(oid("1.2.3"), set(sequence()))],
		[sequence(oid("1.2.3"), set(sequence(), derNumber(1n)))],
		[sequence(oid("1.2.3"), sequence())],
		[sequence(oid("1.2.3"))],
		[sequence(oid("1.2.3"), set(), derNumber(1n))],
		[set()],
		[sequence(asks, set())],
		[sequence(asks, set(sequence()))],
		[sequence(asks, set(sequence(names("a"))))],
		[sequence(asks, set(sequence(names("a"), extension("1.2.3", Buffer.of(1), true))))],
		[sequence(asks, set(sequence(names("a")), sequence(names("b"))))],
		[sequence(asks, set(sequence(names("a"), names("a"))))],
		[
			sequence(asks, set(sequence(names("a")))),
			sequence(asks, set(sequence(extension("1.2.3", Buffer.of())))),
		],
		[sequence(asks, set(sequence(names("a")))), sequence(asks, set(sequence(names("b"))))],
		[sequence(asks, set(derNumber(1n)))],
		[sequence(asks, set(sequence(derNumber(1n))))],
		[sequence(asks, set(sequence(sequence(oid("1.2.3")))))],
		[sequence(asks, set(sequence(sequence(oid("1.2.3"), boolean(true)))))],
		[sequence(asks, set(sequence(sequence(oid("1.2.3"), boolean(false), derElement(TAG.octets)))))],
		[
			sequence(
				asks,
				set(sequence(sequence(oid("1.2.3"), boolean(true), boolean(true), derElement(TAG.octets)))),
			),
		],
		[sequence(asks, set(sequence(sequence(oid("1.2.3"), derElement(TAG.octets), derNumber(1n)))))],
		[sequence(asks, set(sequence(extension("2.5.29.17", derNumber(1n)))))],
		[sequence(asks, sequence(sequence()))],
	];
	const calls = attributes.map((some) => request({ attributes: some }));
	const versions = [0n, 1n, 2n ** 63n - 1n, 2n ** 63n].map((version) => request({ version }));
	expect(await differences([...calls, ...versions])).toEqual([]);
});

test("what lies behind the fields is passed over, what is missing is not", async () => {
	const key = spki(ed.publicKey);
	const [algorithm, bits] = [sequence(oid("1.3.101.112")), derElement(TAG.bits, Buffer.alloc(65))];
	const one = derNumber(1n);
	const info = [derNumber(0n), name("s"), key, derElement(0xa0)];
	const wholes = [
		sequence(sequence(...info), algorithm, bits),
		sequence(sequence(...info, one), algorithm, bits, one),
		sequence(sequence(...info.slice(0, 3)), algorithm, bits),
		sequence(sequence(...info), algorithm),
		sequence(sequence(...info), bits),
		sequence(sequence(...info), sequence(oid("1.3.101.112"), one, one), bits),
		sequence(
			sequence(derNumber(0n), name("s"), sequence(algorithm, bits, one), derElement(0xa0)),
			algorithm,
			bits,
		),
		sequence(sequence(...info.slice(0, 3), derElement(0x80)), algorithm, bits),
		sequence(sequence(...info), algorithm, derElement(TAG.bits)),
		sequence(),
	];
	expect(await differences(wholes.map(of))).toEqual([]);
});

test.each([
	[1, REQUEST],
	[2, PLAIN_REQUEST],
])(
	"changes of single bytes are met as Go meets them (%i)",
	async (seed, text) => {
		const bytes = derOf(text);
		const change = fc.tuple(
			fc.nat(bytes.length - 1),
			fc.nat(255),
			fc.constantFrom("set", "set", "add", "drop"),
		);
		const calls = fc.sample(change, { numRuns: 400, seed }).map(([at, byte, how]) => {
			const rest = bytes.subarray(how === "add" ? at : at + 1);
			return of(Buffer.concat([bytes.subarray(0, at), ...(how === "drop" ? [] : [Buffer.of(byte)]), rest]));
		});
		expect(await differences(calls)).toEqual([]);
	},
	30_000,
);

test("PEM of any request is what its DER is", async () => {
	const [, [der]] = request({ subject: name("é") }) as readonly [string, readonly [string]];
	expect(await differences([call(pem("CERTIFICATE REQUEST", Buffer.from(der, "base64")))])).toEqual([]);
});
