import { constants, verify } from "node:crypto";
import type { Certificate } from "../certificate.ts";
import { DerError, derInteger, derReader, TAG } from "../der.ts";
import { type PublicKey, publicKeyObject } from "../key.ts";

interface Scheme {
	readonly kind: "rsa" | "ec" | "ed25519";
	/** Node's name of the digest; absent for Ed25519, which has its own. */
	readonly digest?: string;
	readonly pss?: true;
}

/**
 * How the signatures are made that Go's numbers stand for. MD5, SHA-1 and DSA are not among them: Go refuses them in
 * chains.
 */
const SCHEMES: ReadonlyMap<number, Scheme> = new Map<number, Scheme>([
	[4, { kind: "rsa", digest: "sha256" }],
	[5, { kind: "rsa", digest: "sha384" }],
	[6, { kind: "rsa", digest: "sha512" }],
	[10, { kind: "ec", digest: "sha256" }],
	[11, { kind: "ec", digest: "sha384" }],
	[12, { kind: "ec", digest: "sha512" }],
	[13, { kind: "rsa", digest: "sha256", pss: true }],
	[14, { kind: "rsa", digest: "sha384", pss: true }],
	[15, { kind: "rsa", digest: "sha512", pss: true }],
	[16, { kind: "ed25519" }],
]);

/** Go takes no smaller RSA keys, and no exponent that needs more than 31 bits. */
const MIN_RSA_BITS = 1024;
const MAX_RSA_EXPONENT = 2n ** 31n - 1n;
/** OpenSSL takes no larger ones; nobody's are by far. */
const MAX_RSA_BITS = 16_384;

const odd = (value: bigint): boolean => (value & 1n) === 1n;

function usableRsa(n: bigint, e: bigint, signature: Buffer): boolean {
	const bits = n.toString(2).length;
	if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS || !odd(n)) return false;
	return odd(e) && e > 1n && e <= MAX_RSA_EXPONENT && signature.length === Math.ceil(bits / 8);
}

/** Two numbers in DER, none negative; OpenSSL looks whether they fit the curve. */
function isEcSignature(signature: Buffer): boolean {
	try {
		const outer = derReader(signature);
		const pair = outer.inside(TAG.sequence);
		const numbers = [0, 1].map(() => derInteger(pair.read(TAG.integer)));
		return outer.ended() && pair.ended() && numbers.every((value) => value >= 0n);
	} catch (thrown) {
		if (thrown instanceof DerError) return false;
		throw thrown;
	}
}

function usable(key: PublicKey, signature: Buffer): boolean {
	if (key.kind === "rsa") return usableRsa(key.n, key.e, signature);
	return key.kind === "ed25519" || (key.kind === "ec" && isEcSignature(signature));
}

function verified(scheme: Scheme, key: PublicKey, signed: Buffer, signature: Buffer): boolean {
	const padding = scheme.pss === true ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
	const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
	try {
		const object = publicKeyObject(key);
		const how = scheme.kind === "rsa" ? { key: object, padding, saltLength } : object;
		return verify(scheme.digest, signed, how, signature);
	} catch {
		// OpenSSL reports some signatures that cannot be, and keys too small for a digest, as errors.
		return false;
	}
}

/** A key usage that lets a key sign certificates (RFC 5280, 4.2.1.3), as Go has its bits. */
const SIGNS_CERTIFICATES = 1 << 5;

/** A certificate that may sign others: Go's conditions before it looks at a signature. */
function maySign({ version, fields }: Certificate): boolean {
	if (fields.basic === undefined ? version === 3 : !fields.basic.isCa) return false;
	const usage = fields.keyUsage ?? 0;
	return usage === 0 || (usage & SIGNS_CERTIFICATES) !== 0;
}

/** Says whether a certificate bears the signature of another, as Go's `CheckSignatureFrom` does. */
export function isSignedBy(certificate: Certificate, parent: Certificate): boolean {
	const { rawToBeSigned, signature, signatureAlgorithm } = certificate;
	const { key } = parent.keyInfo;
	const scheme = SCHEMES.get(signatureAlgorithm);
	if (scheme === undefined || key?.kind !== scheme.kind) return false;
	return maySign(parent) && usable(key, signature) && verified(scheme, key, rawToBeSigned, signature);
}
