import { createHash } from "node:crypto";
import { createLocalJWKSet, type JWK, type JWTVerifyGetKey } from "jose";

/** A key set that was read and found good. */
export interface KeySet {
	/** SHA-256 over the keys in use: two readings of the same keys have the same. */
	readonly digest: string;
	/** Keys that can verify a signature. */
	readonly size: number;
	/** Keys of the document that are of no use to us (encryption, unknown types). */
	readonly ignored: number;
	readonly find: JWTVerifyGetKey;
}

/** Each candidate without a key id costs a verification. */
const MAX_KEYS = 64;
const TYPES: ReadonlySet<unknown> = new Set(["RSA", "EC", "OKP"]);

/**
 * Reads a JWK Set (RFC 7517, 5). Throws an Error that says what is wrong and holds nothing of the content: no JSON,
 * no keys for signatures, more than 64 keys, or a secret among them (a symmetric or private key has no business
 * where everybody may read; trusting such a set would let its readers issue tokens).
 */
export function parseKeySet(bytes: Uint8Array): KeySet {
	const usable: JWK[] = [];
	const keys = readKeys(bytes);
	for (const key of keys) {
		if (holdsSecret(key)) throw new Error("the key set holds a private or symmetric key");
		if (isUsable(key)) usable.push(key);
	}
	if (usable.length === 0) throw new Error("the key set holds no public key for signatures");
	const digest = createHash("sha256").update(JSON.stringify(usable)).digest("hex");
	return {
		digest,
		size: usable.length,
		ignored: keys.length - usable.length,
		find: createLocalJWKSet({ keys: usable }),
	};
}

function readKeys(bytes: Uint8Array): readonly JWK[] {
	const document = parseJson(bytes);
	const keys = isObject(document) && Object.hasOwn(document, "keys") ? document["keys"] : undefined;
	if (!Array.isArray(keys) || !keys.every(isObject))
		throw new Error('the key set is no object with a list "keys"');
	if (keys.length > MAX_KEYS) throw new Error(`the key set holds more than ${MAX_KEYS} keys`);
	return keys as JWK[];
}

function parseJson(bytes: Uint8Array): unknown {
	try {
		return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
	} catch {
		// The parser's own message quotes the content.
		throw new Error("the key set is not JSON");
	}
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function holdsSecret(key: JWK): boolean {
	return key.kty === "oct" || Object.hasOwn(key, "k") || Object.hasOwn(key, "d");
}

function isUsable(key: JWK): boolean {
	if (!TYPES.has(key.kty) || (key.use !== undefined && key.use !== "sig")) return false;
	return key.key_ops === undefined || (Array.isArray(key.key_ops) && key.key_ops.includes("verify"));
}
