import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { derElement, derNumber } from "../../../../src/policy/builtins/x509/der.ts";
import { type Call, differences } from "../../../support/builtin-oracle.ts";
import {
	basicConstraints,
	extension,
	generalName,
	makeCertificate,
	name,
	oid,
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

describe("policies", () => {
	const ANY = "2.5.29.32.0";
	const NAMES = ["1.2.3", "1.2.4", "1.2.5"];
	const policies = (ids: readonly string[]): readonly Buffer[] =>
		ids.length === 0 ? [] : [extension("2.5.29.32", sequence(...ids.map((id) => sequence(oid(id)))))];
	const mappings = (pairs: readonly (readonly [string, string])[]): readonly Buffer[] =>
		pairs.length === 0
			? []
			: [extension("2.5.29.33", sequence(...pairs.map(([a, b]) => sequence(oid(a), oid(b)))))];
	const number = (tag: number, value: number): Buffer => derElement(tag, Buffer.of(value));
	const limits = (explicit: number | undefined, mapping: number | undefined): readonly Buffer[] =>
		explicit === undefined && mapping === undefined
			? []
			: [
					extension(
						"2.5.29.36",
						sequence(
							...(explicit === undefined ? [] : [number(0x80, explicit)]),
							...(mapping === undefined ? [] : [number(0x81, mapping)]),
						),
					),
				];
	const noAny = (value: number | undefined): readonly Buffer[] =>
		value === undefined ? [] : [extension("2.5.29.54", derNumber(BigInt(value)))];

	test("of random families count as in Go", async () => {
		const id = fc.constantFrom(ANY, ...NAMES);
		const small = fc.constantFrom(undefined, undefined, undefined, 0, 1, 2, 255);
		const extensions = fc
			.record({
				ids: fc.oneof(
					fc.uniqueArray(id, { minLength: 1, maxLength: 3 }),
					fc.uniqueArray(id, { maxLength: 3 }),
				),
				pairs: fc.oneof(
					fc.constant([]),
					fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...NAMES)), { maxLength: 3 }),
					fc.array(fc.tuple(id, id), { maxLength: 2 }),
				),
				explicit: fc.constantFrom(undefined, 0, 0, 1, 2, 255),
				mapping: small,
				any: small,
			})
			.map(({ ids, pairs, explicit, mapping, any }) => [
				...policies(ids),
				...mappings(pairs),
				...limits(explicit, mapping),
				...noAny(any),
			]);
		const worlds = fc.sample(
			fc.tuple(extensions, extensions, extensions, extensions, fc.boolean(), fc.boolean()),
			{
				numRuns: 300,
				seed: 6,
			},
		);
		const calls = worlds.map(([root, first, second, leaf, own, last]) =>
			call(
				issue("r", "r", [CA, ...root]),
				issue("r", "m", [CA, ...first]),
				// The same name again, by another key: issued by itself.
				own
					? issue("m", "m", [CA, ...second, otherNames(generalName(2, "again"))])
					: issue("m", "n", [CA, ...second]),
				issue(own ? "m" : "n", last ? "l" : own ? "m" : "n", leaf, other),
			),
		);
		const found = verifiedOf(calls);
		expect(found).toBeGreaterThan(60);
		expect(found).toBeLessThan(240);
		expect(await differences(calls)).toEqual([]);
	}, 120_000);

	test("are named as Go names them", async () => {
		const raw = (hex: string): Buffer => derElement(6, Buffer.from(hex, "hex"));
		const claimed = [
			"",
			"80",
			"8001",
			"2a",
			"2a80",
			"2a8001",
			"ff7f",
			"8fffffff7f",
			"ffffffffffffffffffff7f",
			"2aff",
		];
		const calls = claimed.flatMap((hex): Call[] => {
			const leaf = (extensions: readonly Buffer[]): Call => [
				"crypto.x509.parse_certificates",
				[issue("r", "l", extensions).toString("base64")],
			];
			return [
				leaf([extension("2.5.29.32", sequence(sequence(raw(hex))))]),
				leaf([extension("2.5.29.33", sequence(sequence(raw(hex), oid("1.2.3"))))]),
			];
		});
		expect(await differences(calls)).toEqual([]);
	});
});
