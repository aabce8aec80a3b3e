import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Call, callsOf, differences } from "../../../support/builtin-oracle.ts";

const BYTES = ["", "00", "ff", "c3a9", "c3", "e298", "f09f9880", "eda080", "61ff62", "6180e298c3a9ff"];

describe("bytes that are no text", () => {
	test("come out of every decoder as in OPA", async () => {
		const urls = BYTES.map((hex) => hex.replace(/../g, "%$&"));
		expect(
			await differences([
				...BYTES.map((hex): Call => ["hex.decode", [hex]]),
				...urls.map((url): Call => ["urlquery.decode", [url]]),
				...callsOf(
					"yaml.unmarshal",
					...BYTES.map((hex) => [`!!binary "${Buffer.from(hex, "hex").toString("base64")}"`]),
				),
			]),
		).toEqual([]);
	});
});

describe("encoders", () => {
	test("write random text as OPA does", async () => {
		const texts = fc.sample(
			fc.string({ unit: fc.constantFrom(..."abc!'()*-._~%+&=;/?# \0\n\x7fé☃\u{1f600}"), maxLength: 12 }),
			{ numRuns: 400, seed: 7 },
		);
		const calls = texts.flatMap((text): Call[] => [
			["hex.encode", [text]],
			["base64url.encode_no_pad", [text]],
			["urlquery.encode", [text]],
			["urlquery.decode", [text]],
			["urlquery.encode_object", [{ [text]: [text, "a"] }]],
			["urlquery.decode_object", [text]],
		]);
		expect(await differences(calls)).toEqual([]);
	});
});
