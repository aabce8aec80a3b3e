import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Call, differences } from "../../../support/builtin-oracle.ts";
import {
	CLIENT,
	EVERY_EXTENSION,
	INTERMEDIATE,
	LEAF,
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
