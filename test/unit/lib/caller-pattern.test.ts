import { describe, expect, test } from "@jest/globals";
import { callerNames } from "../../../src/lib/caller-names.ts";
import { admittedAs, parseCallerPattern } from "../../../src/lib/caller-pattern.ts";

function admits(pattern: string, names: { uris?: readonly string[]; dns?: readonly string[] }): boolean {
	const parsed = parseCallerPattern(pattern);
	if (parsed === undefined) throw new Error(`no pattern: ${pattern}`);
	return admittedAs([parsed], { uris: names.uris ?? [], dns: names.dns ?? [] }) !== undefined;
}

describe("patterns", () => {
	test.each([
		"spiffe://td",
		"spiffe://td/",
		"spiffe://TD/a",
		"spiffe://td/a/",
		"spiffe://td/a//b",
		"spiffe://td/../a",
		"spiffe://td/./*",
		"spiffe://td/a%2fb",
		"spiffe://td/a*",
		"spiffe://td/*/a",
		"spiffe://*/a",
		"spiffe:///a",
		"spiffe://td:80/a",
		"spiffe://user@td/a",
		"*",
		"dns:",
		"dns:*.example",
		"dns:a..b",
		"dns:a b",
		"https://td/a",
		"",
	])("%s is none", (text) => expect(parseCallerPattern(text)).toBeUndefined());

	test("an ID is met to the letter, a final /* by everything below and nothing beside", () => {
		expect(admits("spiffe://td/ns/a", { uris: ["spiffe://td/ns/a"] })).toBe(true);
		for (const uri of ["spiffe://td/ns/A", "spiffe://td/ns/a/b", "spiffe://td/ns", "spiffe://te/ns/a"])
			expect(admits("spiffe://td/ns/a", { uris: [uri] })).toBe(false);
		expect(admits("spiffe://td/ns/*", { uris: ["spiffe://td/ns/a/sa/b"] })).toBe(true);
		expect(admits("spiffe://td/*", { uris: ["spiffe://td/x"] })).toBe(true);
		for (const uri of ["spiffe://td/ns", "spiffe://td/nsx/a", "spiffe://td/ns/../other", "spiffe://td/ns/"])
			expect(admits("spiffe://td/ns/*", { uris: [uri] })).toBe(false);
		expect(admits("spiffe://td/*", { uris: ["spiffe://td.evil/x"] })).toBe(false);
	});

	test("a certificate with two URIs has no SPIFFE ID", () => {
		expect(admits("spiffe://td/*", { uris: ["spiffe://td/a", "spiffe://td/b"] })).toBe(false);
	});

	test("DNS names count whole and in any case; wildcards of a certificate for nobody", () => {
		expect(admits("dns:Envoy.example", { dns: ["other", "ENVOY.example"] })).toBe(true);
		expect(admits("dns:envoy.example", { dns: ["*.example", "envoy.example.evil"] })).toBe(false);
		expect(admits("dns:td", { uris: ["spiffe://td/a"] })).toBe(false);
	});
});

describe("names of a certificate", () => {
	test("are read from the text that Node makes", () => {
		expect(
			callerNames({ subjectAltName: "DNS:a.example, URI:spiffe://td/a, IP Address:127.0.0.1, DNS:b" }),
		).toEqual({ uris: ["spiffe://td/a"], dns: ["a.example", "b"] });
		expect(callerNames({ subjectAltName: undefined })).toEqual({ uris: [], dns: [] });
	});

	test("a name cannot hold another one", () => {
		expect(callerNames({ subjectAltName: 'DNS:"x, URI:spiffe://td/admin"' })).toEqual({ uris: [], dns: [] });
		expect(callerNames({ subjectAltName: 'DNS:"x\\", URI:spiffe://td/admin", DNS:y' })).toEqual({
			uris: [],
			dns: ["y"],
		});
		const quoted = callerNames({ subjectAltName: 'URI:"spiffe://td/a, b"' });
		expect(admittedAs([{ kind: "spiffe-below", below: "spiffe://td/" }], quoted)).toBeUndefined();
	});

	test("what cannot be read to the end names nobody", () => {
		expect(callerNames({ subjectAltName: 'URI:spiffe://td/a, DNS:"open' })).toEqual({ uris: [], dns: [] });
	});
});
