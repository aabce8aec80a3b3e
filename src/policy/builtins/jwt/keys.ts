import { readCertificates } from "../x509/certificate.ts";
import { DerError, derReader, TAG } from "../x509/der.ts";
import { isExchangeKey, type KeyInfo, publicKeyObject, readKeyInfo } from "../x509/key.ts";
import { decodePem, type PemBlock } from "../x509/pem.ts";
import { readJwk, type TokenKey } from "./jwk.ts";

/** Longest text of keys that is read; identity providers' sets have a few KiB. */
const MAX_TEXT = 1 << 20;
/** Keys of one set, as in OPA. */
const MAX_KEYS = 1000;
/** Texts whose keys are kept, as in OPA; reading a set costs more than a verification. */
const MAX_CACHED = 100;

/** Kinds of keys that sign tokens; any other is read, and verifies nothing. */
function ofKeyInfo({ key }: KeyInfo): TokenKey {
	const common = { kid: "", alg: "", isPrivate: false } as const;
	if (key?.kind !== "rsa" && key?.kind !== "ec" && key?.kind !== "ed25519")
		return { ...common, kind: "other" };
	return { ...common, kind: key.kind, publicKey: publicKeyObject(key) };
}

/** @throws {DerError} for what Go does not read. */
function readPem({ type, bytes }: PemBlock): KeyInfo {
	if (type === "CERTIFICATE") {
		const [certificate, second] = readCertificates(bytes);
		if (certificate === undefined || second !== undefined) throw new DerError();
		return certificate.keyInfo;
	}
	const reader = derReader(bytes);
	const whole = reader.whole(TAG.sequence);
	const info = readKeyInfo(whole);
	const known = info.algorithm !== 0 || isExchangeKey(whole);
	if (type !== "PUBLIC KEY" || !reader.ended() || !known) throw new DerError();
	return info;
}

function pemKeys(block: PemBlock): readonly TokenKey[] | undefined {
	if (block.rest !== "") return undefined;
	try {
		return [ofKeyInfo(readPem(block))];
	} catch (thrown) {
		if (thrown instanceof DerError) return undefined;
		throw thrown;
	}
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
