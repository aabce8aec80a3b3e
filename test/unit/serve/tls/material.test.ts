import { generateKeyPairSync } from "node:crypto";
import { beforeAll, expect, test } from "@jest/globals";
import { PosternError } from "../../../../src/lib/errors.ts";
import { checkMaterial, type TlsTexts } from "../../../../src/serve/tls/material.ts";
import type { KeyPair } from "../../../support/envoy/certificates.ts";
import { createAuthority, type TestAuthority } from "../../../support/tls-authority.ts";

let root: TestAuthority;
let middle: TestAuthority;
let leaf: KeyPair;
let other: KeyPair;
beforeAll(async () => {
	root = await createAuthority("root");
	middle = await root.below("middle");
	leaf = await middle.issue({ dns: ["postern"] });
	other = await middle.issue({ dns: ["other"] });
});

function problem(texts: TlsTexts): string {
	try {
		checkMaterial(texts);
		return "";
	} catch (thrown) {
		if (!(thrown instanceof PosternError)) throw thrown;
		expect(thrown.code).toBe("tls_unusable");
		return thrown.message;
	}
}

test("a chain in order, its key and authorities are taken as they are", async () => {
	const to = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000);
	const short = await middle.issue({ dns: ["postern"], to });
	const texts = { ...short, certificate: short.certificate + middle.pem, clientCa: root.pem + middle.pem };
	const { certificate, clientCa, ...rest } = checkMaterial(texts);
	expect(rest).toMatchObject({ key: short.key, validTo: to.getTime(), warnings: [] });
	// Blocks without a line end between them, as files put together by hand have them, are taken apart.
	expect(certificate.match(/^-----(?:BEGIN|END) CERTIFICATE-----$/gm)).toHaveLength(4);
	expect(clientCa?.match(/^-----(?:BEGIN|END) CERTIFICATE-----$/gm)).toHaveLength(4);
});

test("everything that a handshake would stumble over is found before", async () => {
	const { certificate, key } = leaf;
	const encrypted = generateKeyPairSync("ec", {
		namedCurve: "P-256",
		publicKeyEncoding: { type: "spki", format: "pem" },
		privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" },
	}).privateKey;
	const cases: [string, Partial<TlsTexts>][] = [
		["key: is not the certificate's", { key: other.key }],
		["certificate: holds no certificate", { certificate: "" }],
		["certificate: holds no certificate", { certificate: key }],
		["certificate: ends in the middle of a certificate", { certificate: certificate.slice(0, -40) }],
		[
			"certificate: ends in the middle of a certificate",
			{ certificate: certificate + middle.pem.slice(0, 200) },
		],
		[
			"certificate: certificate 1 cannot be read",
			{ certificate: certificate.replace(/\n[^\n]{20}/, "\nAAAAAAAAAAAAAAAAAAAA") },
		],
		["key: cannot be read", { key: "" }],
		["key: cannot be read", { key: key.slice(0, 80) }],
		["key: is encrypted; it must be without a passphrase", { key: encrypted }],
		[
			"certificate: the key is that of certificate 2; the certificate itself comes first",
			{ certificate: middle.pem + certificate },
		],
		[
			"certificate: certificate 2 of the chain did not issue certificate 1; each must follow the one that it issued",
			{ certificate: certificate + root.pem + middle.pem },
		],
		["client_ca: holds no certificate", { clientCa: "\n" }],
		["client_ca: certificate 2 is no certificate authority", { clientCa: root.pem + other.certificate }],
		["client_ca: ends in the middle of a certificate", { clientCa: root.pem.slice(0, -30) }],
	];
	for (const [message, change] of cases) {
		const found = problem({ certificate, key, clientCa: root.pem, ...change });
		expect(found).toBe(message);
		expect(found).not.toMatch(/BEGIN|MII/);
	}
});

test("a certificate that is not for servers, or names nobody, is taken with a warning", async () => {
	const client = await root.issue({ uris: ["spiffe://td/a"], purposes: ["1.3.6.1.5.5.7.3.2"] });
	expect(checkMaterial(client).warnings).toEqual([
		"the certificate is not for servers (extended key usage); Envoy will refuse it",
	]);
	const server = await root.issue({ purposes: ["1.3.6.1.5.5.7.3.1"] });
	expect(checkMaterial(server).warnings).toEqual([
		"the certificate names nobody (no subjectAltName); Envoy cannot tell that it is ours",
	]);
});
