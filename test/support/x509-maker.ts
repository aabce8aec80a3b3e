import { constants, type KeyObject, sign } from "node:crypto";
import { derElement, derNumber, TAG } from "../../src/policy/builtins/x509/der.ts";

/** Certificates and requests for tests, of any shape: nothing keeps a caller from one that no authority would make. */

const OIDS = {
	sha1Rsa: "1.2.840.113549.1.1.5",
	md5Rsa: "1.2.840.113549.1.1.4",
	sha256Rsa: "1.2.840.113549.1.1.11",
	sha384Rsa: "1.2.840.113549.1.1.12",
	sha512Rsa: "1.2.840.113549.1.1.13",
	pss: "1.2.840.113549.1.1.10",
	sha1Ec: "1.2.840.10045.4.1",
	sha256Ec: "1.2.840.10045.4.3.2",
	sha384Ec: "1.2.840.10045.4.3.3",
	sha512Ec: "1.2.840.10045.4.3.4",
	ed25519: "1.3.101.112",
} as const;

export type SignatureName = keyof typeof OIDS;

export function oid(text: string): Buffer {
	const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
	const bytes = [first * 40 + second, ...rest].flatMap((number) => {
		const groups = [number & 0x7f];
		for (let left = Math.floor(number / 128); left > 0; left = Math.floor(left / 128)) {
			groups.unshift(0x80 | (left & 0x7f));
		}
		return groups;
	});
	return derElement(TAG.oid, Buffer.from(bytes));
}

export const sequence = (...parts: readonly Buffer[]): Buffer => derElement(TAG.sequence, ...parts);
/** A GeneralName of one of the kinds that are texts or bytes. */
export const generalName = (kind: 1 | 2 | 6 | 7, value: string | Buffer): Buffer =>
	derElement(0x80 | kind, Buffer.from(value));
export const boolean = (value: boolean): Buffer => derElement(TAG.boolean, Buffer.of(value ? 0xff : 0));
const bits = (bytes: Buffer): Buffer => derElement(TAG.bits, Buffer.of(0), bytes);

export function name(common: string): Buffer {
	const pair = sequence(oid("2.5.4.3"), derElement(TAG.utf8, Buffer.from(common)));
	return sequence(derElement(TAG.set, pair));
}

/** A time as `YYYYMMDDhhmmssZ`. */
const time = (text: string): Buffer => derElement(TAG.generalizedTime, Buffer.from(text));

export function extension(id: string, value: Buffer, critical = false): Buffer {
	return sequence(oid(id), ...(critical ? [boolean(true)] : []), derElement(TAG.octets, value));
}

export const basicConstraints = (isCa: boolean, maxPath?: number): Buffer =>
	extension(
		"2.5.29.19",
		sequence(
			...(isCa ? [boolean(true)] : []),
			...(maxPath === undefined ? [] : [derNumber(BigInt(maxPath))]),
		),
		true,
	);

export const keyUsage = (byte: number): Buffer => extension("2.5.29.15", bits(Buffer.of(byte)), true);

export const extendedUsage = (...ids: readonly string[]): Buffer =>
	extension("2.5.29.37", sequence(...ids.map(oid)));

export const otherNames = (...names: readonly Buffer[]): Buffer => extension("2.5.29.17", sequence(...names));

export const subjectKeyId = (id: string): Buffer =>
	extension("2.5.29.14", derElement(TAG.octets, Buffer.from(id)));
export const authorityKeyId = (id: string): Buffer =>
	extension("2.5.29.35", sequence(derElement(0x80, Buffer.from(id))));

export function nameConstraints(permitted: readonly Buffer[], excluded: readonly Buffer[]): Buffer {
	const trees = (tag: number, names: readonly Buffer[]): readonly Buffer[] =>
		names.length === 0 ? [] : [derElement(tag, ...names.map((one) => sequence(one)))];
	return extension("2.5.29.30", sequence(...trees(0xa0, permitted), ...trees(0xa1, excluded)), true);
}

function algorithm(signature: SignatureName): Buffer {
	const sha256 = sequence(oid("2.16.840.1.101.3.4.2.1"));
	if (signature === "pss") {
		return sequence(
			oid(OIDS.pss),
			sequence(
				derElement(0xa0, sha256),
				derElement(0xa1, sequence(oid("1.2.840.113549.1.1.8"), sha256)),
				derElement(0xa2, derNumber(32n)),
			),
		);
	}
	return sequence(oid(OIDS[signature]), ...(signature.endsWith("Rsa") ? [derElement(TAG.null)] : []));
}

function signatureOf(how: SignatureName, key: KeyObject, signed: Buffer): Buffer {
	if (how === "ed25519") return sign(null, signed, key);
	if (how !== "pss") return sign(how.replace(/Rsa|Ec/, ""), signed, key);
	return sign("sha256", signed, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
}

export interface Signer {
	readonly key: KeyObject;
	readonly how: SignatureName;
}

function signed(content: Buffer, { key, how }: Signer): Buffer {
	return sequence(content, algorithm(how), bits(signatureOf(how, key, content)));
}

export interface CertificateParts {
	readonly subject: Buffer;
	readonly issuer: Buffer;
	/** The subject's SubjectPublicKeyInfo. */
	readonly publicKey: Buffer;
	readonly signer: Signer;
	readonly notBefore?: string;
	readonly notAfter?: string;
	/** As in the certificate: 2 is version 3. */
	readonly version?: number;
	readonly extensions?: readonly Buffer[];
	readonly serial?: bigint;
}

export function makeCertificate(parts: CertificateParts): Buffer {
	const { version = 2, extensions = [], notBefore = "20200101000000Z", notAfter = "20991231235959Z" } = parts;
	const content = sequence(
		...(version === 0 ? [] : [derElement(0xa0, derNumber(BigInt(version)))]),
		derNumber(parts.serial ?? 7n),
		algorithm(parts.signer.how),
		parts.issuer,
		sequence(time(notBefore), time(notAfter)),
		parts.subject,
		parts.publicKey,
		...(extensions.length === 0 ? [] : [derElement(0xa3, sequence(...extensions))]),
	);
	return signed(content, parts.signer);
}

export interface RequestParts {
	readonly subject: Buffer;
	readonly publicKey: Buffer;
	readonly signer: Signer;
	readonly attributes: readonly Buffer[];
	readonly version?: bigint;
}

export function makeRequest({ subject, publicKey, signer, attributes, version = 0n }: RequestParts): Buffer {
	return signed(sequence(derNumber(version), subject, publicKey, derElement(0xa0, ...attributes)), signer);
}

export function pem(type: string, der: Buffer): string {
	const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
	return `-----BEGIN ${type}-----\n${lines.join("\n")}\n-----END ${type}-----\n`;
}
