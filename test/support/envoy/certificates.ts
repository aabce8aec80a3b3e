import "reflect-metadata";
import type { webcrypto } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";

/** PEM texts of one key and its certificate. */
export interface KeyPair {
	readonly certificate: string;
	readonly key: string;
}

export interface Certificates {
	readonly authority: string;
	readonly server: KeyPair;
	/** A client certificate whose only name is `uri`. */
	client(uri: string): Promise<KeyPair>;
	/** Files of the server's pair and the authority, as Envoy's configuration names them. */
	readonly files: { readonly certificate: string; readonly key: string; readonly authority: string };
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** A throw-away authority with a server certificate for `localhost`, written to a temporary folder. */
export async function createCertificates(): Promise<Certificates> {
	const authorityKeys = await newKeys();
	const authority = await x509.X509CertificateGenerator.createSelfSigned({
		name: "CN=Test authority",
		keys: authorityKeys,
		signingAlgorithm: ALGORITHM,
		extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
	});
	async function issue(name: x509.JsonGeneralName): Promise<KeyPair> {
		const keys = await newKeys();
		const certificate = await x509.X509CertificateGenerator.create({
			subject: "",
			issuer: authority.subject,
			publicKey: keys.publicKey,
			signingKey: authorityKeys.privateKey,
			signingAlgorithm: ALGORITHM,
			extensions: [new x509.SubjectAlternativeNameExtension([name], true)],
		});
		const der = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
		return { certificate: certificate.toString("pem"), key: x509.PemConverter.encode(der, "PRIVATE KEY") };
	}
	const server = await issue({ type: "dns", value: "localhost" });
	const folder = await mkdtemp(join(tmpdir(), "postern-tls-"));
	const files = {
		certificate: join(folder, "server.pem"),
		key: join(folder, "server.key"),
		authority: join(folder, "authority.pem"),
	};
	const authorityPem = authority.toString("pem");
	await writeFile(files.certificate, server.certificate);
	await writeFile(files.key, server.key, { mode: 0o600 });
	await writeFile(files.authority, authorityPem);
	return { authority: authorityPem, server, client: (uri) => issue({ type: "url", value: uri }), files };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
	return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}
