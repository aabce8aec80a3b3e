// The certificate library's container reads decorators through this polyfill, and only if it was loaded before.
import "reflect-metadata";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export const ISSUER = "https://id.clinic.example";
export const AUDIENCE = "clinic-records";

/** Files that were made, by what they are for. */
export interface Keys {
	readonly ca: string;
	readonly serverCertificate: string;
	readonly serverKey: string;
	readonly billingCertificate: string;
	readonly billingKey: string;
	readonly jwks: string;
	readonly tokens: Readonly<Record<TokenName, string>>;
	readonly tokenFiles: Readonly<Record<TokenName, string>>;
}

export type TokenName = "support" | "marketing" | "expired";

const HOUR_SECONDS = 3600;
const LIFE_HOURS = 24;
const EC = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

function pem(label: string, bytes: ArrayBuffer): string {
	const lines =
		Buffer.from(bytes)
			.toString("base64")
			.match(/.{1,64}/g) ?? [];
	return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** 16 random bytes, positive as RFC 5280 4.1.2.2 wants it. */
function serial(): string {
	const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(16)));
	bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
	return bytes.toString("hex");
}

async function makeTokens(folder: string, now: number) {
	const { publicKey, privateKey } = await generateKeyPair("ES256");
	const jwk = { ...(await exportJWK(publicKey)), kid: "clinic-1", alg: "ES256", use: "sig" };
	const jwks = join(folder, "jwks.json");
	writeFileSync(jwks, `${JSON.stringify({ keys: [jwk] }, undefined, "\t")}\n`);
	const sign = (subject: string, role: string, issued: number, expires: number) =>
		new SignJWT({ roles: [role] })
			.setProtectedHeader({ alg: "ES256", kid: "clinic-1", typ: "JWT" })
			.setIssuer(ISSUER)
			.setAudience(AUDIENCE)
			.setSubject(subject)
			.setIssuedAt(issued)
			.setExpirationTime(expires)
			.sign(privateKey);
	const later = now + LIFE_HOURS * HOUR_SECONDS;
	const tokens = {
		support: await sign("agent-17", "support", now, later),
		marketing: await sign("newsletter", "marketing", now, later),
		expired: await sign("agent-17", "support", now - 9 * HOUR_SECONDS, now - HOUR_SECONDS),
	};
	const tokenFiles = {
		support: join(folder, "support.jwt"),
		marketing: join(folder, "marketing.jwt"),
		expired: join(folder, "expired.jwt"),
	};
	for (const name of ["support", "marketing", "expired"] as const) {
		writeFileSync(tokenFiles[name], tokens[name], { mode: 0o600 });
	}
	return { jwks, tokens, tokenFiles };
}

async function makeCertificates(folder: string, now: number) {
	const notBefore = new Date((now - HOUR_SECONDS) * 1000);
	const notAfter = new Date((now + LIFE_HOURS * HOUR_SECONDS) * 1000);
	const newKeys = () => crypto.subtle.generateKey(EC, true, ["sign", "verify"]);
	const caKeys = await newKeys();
	const caName = "CN=Clinic demo CA, O=Clinic";
	const ca = await x509.X509CertificateGenerator.createSelfSigned({
		serialNumber: serial(),
		name: caName,
		notBefore,
		notAfter,
		signingAlgorithm: EC,
		keys: caKeys,
		extensions: [
			new x509.BasicConstraintsExtension(true, 0, true),
			new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
			await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
		],
	});
	const caFile = join(folder, "ca.pem");
	writeFileSync(caFile, `${ca.toString("pem")}\n`);

	/** A leaf of the CA; its key and certificate as files. */
	async function issue(name: string, usage: x509.ExtendedKeyUsage, names: x509.JsonGeneralNames) {
		const keys = await newKeys();
		const certificate = await x509.X509CertificateGenerator.create({
			serialNumber: serial(),
			subject: `CN=${name}, O=Clinic`,
			issuer: caName,
			notBefore,
			notAfter,
			signingAlgorithm: EC,
			publicKey: keys.publicKey,
			signingKey: caKeys.privateKey,
			extensions: [
				new x509.BasicConstraintsExtension(false, undefined, true),
				new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
				new x509.ExtendedKeyUsageExtension([usage]),
				new x509.SubjectAlternativeNameExtension(names),
				await x509.AuthorityKeyIdentifierExtension.create(ca),
			],
		});
		const certificateFile = join(folder, `${name}.pem`);
		const keyFile = join(folder, `${name}.key`);
		writeFileSync(certificateFile, `${certificate.toString("pem")}\n`);
		writeFileSync(keyFile, pem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", keys.privateKey)), {
			mode: 0o600,
		});
		return { certificateFile, keyFile };
	}

	const server = await issue("edge", x509.ExtendedKeyUsage.serverAuth, [
		{ type: "dns", value: "localhost" },
		{ type: "ip", value: "127.0.0.1" },
	]);
	const billing = await issue("billing", x509.ExtendedKeyUsage.clientAuth, [
		{ type: "url", value: "spiffe://clinic.example/billing" },
	]);
	return { ca: caFile, server, billing };
}

/**
 * Makes the demo's throw-away keys: a key set with three tokens, and a CA with a server and a client certificate.
 * All live for a day.
 *
 * @param folder where the files go; made if it is not there
 */
export async function makeKeys(folder: string): Promise<Keys> {
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const now = Math.floor(Date.now() / 1000);
	const { jwks, tokens, tokenFiles } = await makeTokens(folder, now);
	const { ca, server, billing } = await makeCertificates(folder, now);
	return {
		ca,
		serverCertificate: server.certificateFile,
		serverKey: server.keyFile,
		billingCertificate: billing.certificateFile,
		billingKey: billing.keyFile,
		jwks,
		tokens,
		tokenFiles,
	};
}
