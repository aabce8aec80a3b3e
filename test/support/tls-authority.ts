import "reflect-metadata";
import type { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { KeyPair } from "./envoy/certificates.ts";

export interface Wanted {
	readonly uris?: readonly string[];
	readonly dns?: readonly string[];
	/** The certificate is an authority's. */
	readonly ca?: boolean;
	/** Default: an hour ago. */
	readonly from?: Date;
	/** Default: in a day. */
	readonly to?: Date;
	/** Object identifiers. */
	readonly purposes?: readonly string[];
}

export interface TestAuthority {
	readonly pem: string;
	issue(wanted: Wanted): Promise<KeyPair>;
	/** An authority below this one. */
	below(name: string): Promise<TestAuthority>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const HOUR = 3_600_000;

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
	crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

/** A throw-away authority for tests of TLS. */
export async function createAuthority(name: string): Promise<TestAuthority> {
	const keys = await newKeys();
	const certificate = await x509.X509CertificateGenerator.createSelfSigned({
		name: `CN=${name}`,
		keys,
		signingAlgorithm: ALGORITHM,
		notBefore: new Date(Date.now() - HOUR),
		notAfter: new Date(Date.now() + 48 * HOUR),
		extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
	});
	return authority(certificate, keys);
}

function authority(own: x509.X509Certificate, keys: webcrypto.CryptoKeyPair): TestAuthority {
	const sign = async (subject: string, publicKey: webcrypto.CryptoKey, wanted: Wanted) =>
		x509.X509CertificateGenerator.create({
			subject,
			issuer: own.subject,
			publicKey,
			signingKey: keys.privateKey,
			signingAlgorithm: ALGORITHM,
			notBefore: wanted.from ?? new Date(Date.now() - HOUR),
			notAfter: wanted.to ?? new Date(Date.now() + 24 * HOUR),
			extensions: [
				new x509.BasicConstraintsExtension(wanted.ca ?? false, undefined, true),
				...(wanted.purposes === undefined ? [] : [new x509.ExtendedKeyUsageExtension([...wanted.purposes])]),
				...(wanted.uris === undefined && wanted.dns === undefined
					? []
					: [
							new x509.SubjectAlternativeNameExtension([
								...(wanted.uris ?? []).map((value) => ({ type: "url" as const, value })),
								...(wanted.dns ?? []).map((value) => ({ type: "dns" as const, value })),
							]),
						]),
			],
		});
	return {
		pem: own.toString("pem"),
		async issue(wanted) {
			const held = await newKeys();
			const certificate = await sign("", held.publicKey, wanted);
			const der = await crypto.subtle.exportKey("pkcs8", held.privateKey);
			return {
				certificate: certificate.toString("pem"),
				key: x509.PemConverter.encode(der, "PRIVATE KEY"),
			};
		},
		async below(name) {
			const held = await newKeys();
			return authority(await sign(`CN=${name}`, held.publicKey, { ca: true }), held);
		},
	};
}
