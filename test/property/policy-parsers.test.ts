import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { regoBuiltins } from "../../src/policy/builtins/rego/rego.ts";
import { elementsOf } from "../../src/policy/builtins/x509/asn1.ts";
import { derElement, derInteger, derNumber, derReader, TAG } from "../../src/policy/builtins/x509/der.ts";
import { x509Builtins } from "../../src/policy/builtins/x509/x509.ts";
import { printTerm } from "../../src/policy/term/print.ts";
import { objectTerm, type Term } from "../../src/policy/term/term.ts";
import { changedText, moduleText } from "../support/rego-arbitrary.ts";
import { REQUEST, ROOT } from "../support/x509-samples.ts";

/** While the samples are valid. */
const NOW = BigInt(Date.UTC(2050, 0)) * 1_000_000n;

const CONTEXT = { nowNs: () => NOW, remember: (_key: string, make: () => Term) => make() };

const call = (name: string, ...args: readonly Term[]): Term | undefined =>
	({ ...regoBuiltins, ...x509Builtins })[name]?.(args, CONTEXT);

const der = (text: string): Buffer => Buffer.from(text.replace(/-----[^-]+-----|\s/g, ""), "base64");

/** Bytes of a certificate or a request with one run of them replaced. */
const spoilt = fc
	.tuple(fc.constantFrom(der(ROOT), der(REQUEST)), fc.nat(), fc.nat(4), fc.uint8Array({ maxLength: 6 }))
	.map(([bytes, start, gone, put]) => {
		const at = start % bytes.length;
		return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + gone)]);
	});
const bytes = fc.oneof(
	spoilt,
	fc.uint8Array({ maxLength: 200 }).map((some) => Buffer.from(some)),
);

describe("DER", () => {
	test("what is written is read again", () => {
		fc.assert(
			fc.property(
				fc.bigInt({ min: 0n, max: 2n ** 300n }),
				fc.uint8Array({ maxLength: 300 }),
				(value, content) => {
					const whole = derElement(
						TAG.sequence,
						derNumber(value),
						derElement(TAG.octets, Buffer.from(content)),
					);
					const reader = derReader(whole).inside(TAG.sequence);
					expect(derInteger(reader.read(TAG.integer))).toBe(value);
					expect(reader.read(TAG.octets)).toEqual(Buffer.from(content));
					expect(reader.ended()).toBe(true);
				},
			),
		);
	});

	test("elements are all the bytes there are, or a mistake", () => {
		fc.assert(
			fc.property(bytes, (some) => {
				let found: Buffer;
				try {
					found = Buffer.concat([...elementsOf(some)].map(({ whole }) => whole));
				} catch {
					return;
				}
				expect(found).toEqual(some);
			}),
		);
	});
});

describe("certificates and requests", () => {
	test("of any bytes have an answer or none, and no chain is found that nobody signed", () => {
		fc.assert(
			fc.property(bytes, (some) => {
				const text = some.toString("base64");
				for (const name of [
					"parse_certificates",
					"parse_certificate_request",
					"parse_and_verify_certificates",
				]) {
					const answer = call(`crypto.x509.${name}`, text);
					if (answer !== undefined) printTerm(answer);
				}
				const chain = Buffer.concat([some, der(ROOT)]).toString("base64");
				const verified = call(
					"crypto.x509.parse_and_verify_certificates_with_options",
					chain,
					objectTerm([]),
				);
				const same = some.equals(der(ROOT));
				expect(printTerm(verified ?? null).startsWith(`[${same},`)).toBe(true);
			}),
		);
	});
});

describe("modules", () => {
	const any = fc.oneof(
		moduleText,
		changedText([
			"package a\np if { x }\n",
			'package a\nimport rego.v2\nq[$"a{x}"] contains {y | not {z}}\n',
		]),
		fc.string({ unit: "binary", maxLength: 60 }),
		fc
			.string({ unit: fc.constantFrom(...'pif{}[]()|,:=x"`$\n_.#-1'), maxLength: 60 })
			.map((text) => `package a\n${text}`),
	);

	test("of any text have a tree or none, the same each time", () => {
		fc.assert(
			fc.property(any, (text) => {
				const [first, second] = [0, 1].map(() => call("rego.parse_module", "x.rego", text));
				expect(printTerm(first ?? null)).toBe(printTerm(second ?? null));
			}),
			{ numRuns: 500 },
		);
	});
});
