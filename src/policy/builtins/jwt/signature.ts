import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from "node:crypto";
import type { TokenKey } from "./jwk.ts";

/** Says whether a signature over a text was made with the other half of a key. */
export type SignatureCheck = (key: TokenKey, signed: Buffer, signature: Buffer) => boolean;

export interface Algorithm {
	readonly family: "HS" | "RS" | "PS" | "ES" | "EdDSA";
	/** Node's name of the digest; empty for EdDSA. */
	readonly digest: string;
}

const ALGORITHM = /^(HS|RS|PS|ES)(256|384|512)$/;

/** A token's algorithm by its name; `Ed25519` is another name of EdDSA (RFC 9864). */
export function algorithmOf(name: string): Algorithm | undefined {
	if (name === "EdDSA" || name === "Ed25519") return { family: "EdDSA", digest: "" };
	const match = ALGORITHM.exec(name);
	if (match === null) return undefined;
	return { family: match[1] as "HS" | "RS" | "PS" | "ES", digest: `sha${match[2]}` };
}

/** In constant time; a length that is wrong is no secret. */
export function hmacMatches(digest: string, secret: Buffer, signed: Buffer, signature: Buffer): boolean {
	const mac = createHmac(digest, secret).update(signed).digest();
	return mac.length === signature.length && timingSafeEqual(mac, signature);
}

/** Go refuses keys of fewer bits, and exponents that do not fit 31. */
const MIN_RSA_BITS = 1024;
const MAX_RSA_EXPONENT = 2n ** 31n - 1n;

export function usableRsa(key: KeyObject): boolean {
	const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
	return modulusLength >= MIN_RSA_BITS && publicExponent > 1n && publicExponent <= MAX_RSA_EXPONENT;
}

type VerifyKey = Parameters<typeof verify>[2];

function verified(digest: string | null, signed: Buffer, key: VerifyKey, signature: Buffer): boolean {
	try {
		return verify(digest, signed, key, signature);
	} catch {
		// OpenSSL reports some signatures that cannot be, and keys too small for a digest, as errors.
		return false;
	}
}

function rsaMatches(
	key: KeyObject,
	algorithm: Algorithm,
	salt: number,
	signed: Buffer,
	signature: Buffer,
): boolean {
	if (!usableRsa(key)) return false;
	const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING } = constants;
	const options =
		algorithm.family === "PS"
			? { key, padding: RSA_PKCS1_PSS_PADDING, saltLength: salt }
			: { key, padding: RSA_PKCS1_PADDING };
	return verified(algorithm.digest, signed, options, signature);
}

/** Bytes of a number modulo the order of a curve, by OpenSSL's name of it. */
const CURVE_BYTES: ReadonlyMap<string, number> = new Map([
	["secp224r1", 28],
	["prime256v1", 32],
	["secp384r1", 48],
	["secp521r1", 66],
]);

const curveBytes = (key: KeyObject): number =>
	CURVE_BYTES.get(key.asymmetricKeyDetails?.namedCurve ?? "") ?? 0;

/** A number in `size` bytes; `undefined` where it needs more. */
function fixed(bytes: Buffer, size: number): Buffer | undefined {
	const start = bytes.findIndex((byte) => byte !== 0);
	const digits = start < 0 ? Buffer.alloc(0) : bytes.subarray(start);
	return digits.length > size ? undefined : Buffer.concat([Buffer.alloc(size - digits.length), digits]);
}

function ecMatches(key: KeyObject, digest: string, signed: Buffer, signature: Buffer): boolean {
	const size = curveBytes(key);
	const half = Math.floor(signature.length / 2);
	const r = fixed(signature.subarray(0, half), size);
	const s = fixed(signature.subarray(half), size);
	if (size === 0 || r === undefined || s === undefined) return false;
	return verified(digest, signed, { key, dsaEncoding: "ieee-p1363" }, Buffer.concat([r, s]));
}

/**
 * How `io.jwt.verify_*` check: the function called says the algorithm, whatever the token says, so that no token can
 * choose one. Public keys alone; salts and the two numbers of ES may have any length.
 */
export function plainCheck(algorithm: Algorithm): SignatureCheck {
	const { family, digest } = algorithm;
	return ({ kind, publicKey, isPrivate }, signed, signature) => {
		if (publicKey === undefined || isPrivate) return false;
		if (family === "ES") return kind === "ec" && ecMatches(publicKey, digest, signed, signature);
		if (family === "EdDSA") return kind === "ed25519" && verified(null, signed, publicKey, signature);
		const salt = constants.RSA_PSS_SALTLEN_AUTO;
		return kind === "rsa" && rsaMatches(publicKey, algorithm, salt, signed, signature);
	};
}

/**
 * How `io.jwt.decode_verify` checks: by the token's algorithm, as far as the kind of key allows it. A public key is
 * never taken for a secret.
 */
export function strictCheck(algorithm: Algorithm): SignatureCheck {
	const { family, digest } = algorithm;
	return ({ kind, publicKey, secret }, signed, signature) => {
		if (family === "HS")
			return kind === "oct" && secret !== undefined && hmacMatches(digest, secret, signed, signature);
		if (publicKey === undefined) return false;
		if (family === "EdDSA") return kind === "ed25519" && verified(null, signed, publicKey, signature);
		if (family === "ES") {
			const fits = kind === "ec" && signature.length === 2 * curveBytes(publicKey);
			return fits && ecMatches(publicKey, digest, signed, signature);
		}
		const salt = constants.RSA_PSS_SALTLEN_DIGEST;
		return kind === "rsa" && rsaMatches(publicKey, algorithm, salt, signed, signature);
	};
}
