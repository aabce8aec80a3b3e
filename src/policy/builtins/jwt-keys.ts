import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { readJwk, type TokenKey } from "./jwk.ts";
import { decodePem, type PemBlock } from "./pem.ts";

/** Longest text of keys that is read; identity providers' sets have a few KiB. */
const MAX_TEXT = 1 << 20;
/** Keys of one set, as in OPA. */
const MAX_KEYS = 1000;
/** Texts whose keys are kept, as in OPA; reading a set costs more than a verification. */
const MAX_CACHED = 100;

/** Curves that Go knows, by OpenSSL's names. */
const CURVES: ReadonlySet<string> = new Set(["secp224r1", "prime256v1", "secp384r1", "secp521r1"]);

/** `undefined` for a curve that Go cannot read. */
function ofKeyObject(publicKey: KeyObject): TokenKey | undefined {
	const common = { kid: "", alg: "", isPrivate: false, publicKey } as const;
	switch (publicKey.asymmetricKeyType) {
		case "rsa":
			return { ...common, kind: "rsa" };
		case "ec":
			return CURVES.has(publicKey.asymmetricKeyDetails?.namedCurve ?? "")
				? { ...common, kind: "ec" }
				: undefined;
		case "ed25519":
			return { ...common, kind: "ed25519" };
		default:
			return { ...common, kind: "other" };
	}
}

function pemKey({ type, bytes }: PemBlock): KeyObject | undefined {
	try {
		if (type === "PUBLIC KEY") return createPublicKey({ key: bytes, format: "der", type: "spki" });
		if (type !== "CERTIFICATE") return undefined;
		const certificate = new X509Certificate(bytes);
		return certificate.raw.length === bytes.length ? certificate.publicKey : undefined;
	} catch {
		return undefined;
	}
}

function pemKeys(block: PemBlock): readonly TokenKey[] | undefined {
	if (block.rest !== "") return undefined;
	const key = pemKey(block);
	const read = key === undefined ? undefined : ofKeyObject(key);
	return read === undefined ? undefined : [read];
}

/** Algorithms of tokens; keys for others are left out of a set. */
export const TOKEN_ALGORITHMS: ReadonlySet<string> = new Set(
	"RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 HS256 HS384 HS512 EdDSA".split(" "),
);

/** One JSON Web Key or a set of them; one that cannot be read makes the set unreadable. */
export function readJwks(text: string): readonly TokenKey[] | undefined {
	if (text.length > MAX_TEXT) return undefined;
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return undefined;
	}
	if (typeof value !== "object" || value === null) return undefined;
	const list = Object.hasOwn(value, "keys") ? (value as { readonly keys: unknown }).keys : [value];
	if (!Array.isArray(list) || list.length > MAX_KEYS) return undefined;
	const keys = list.map(readJwk);
	return keys.every((key) => key !== undefined) ? keys : undefined;
}

function parse(text: string): readonly TokenKey[] | undefined {
	if (text.length > MAX_TEXT) return undefined;
	const block = decodePem(text);
	if (block !== undefined) return pemKeys(block);
	return readJwks(text)?.filter(({ alg }) => alg === "" || TOKEN_ALGORITHMS.has(alg));
}

const cache = new Map<string, readonly TokenKey[]>();

/**
 * The keys of a PEM certificate, a PEM public key, a JSON Web Key or a set of these. `undefined` for what OPA cannot
 * read. What depends on the text alone is kept by it; no time and no request has a part in it.
 */
export function verificationKeys(text: string): readonly TokenKey[] | undefined {
	const known = cache.get(text);
	if (known !== undefined) return known;
	const keys = parse(text);
	if (keys === undefined) return undefined;
	if (cache.size >= MAX_CACHED) {
		const oldest = cache.keys().next();
		if (!oldest.done) cache.delete(oldest.value);
	}
	cache.set(text, keys);
	return keys;
}
