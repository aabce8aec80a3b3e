import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { bytesOf } from "../../term/byte-string.ts";
import { arrayTerm, numberTerm, type Term } from "../../term/term.ts";
import { decodeStdBase64 } from "../go/base64.ts";
import { DerError, derReader, TAG } from "./der.ts";
import { decodePem } from "./pem.ts";
import { rsaPrivateJwk } from "./rsa-parts.ts";
import { bytesTerm, record } from "./terms.ts";

/** Keys of one text; a file has one. */
const MAX_KEYS = 64;
const MAX_TEXT = 1 << 20;

/** A private key of a kind that Go reads, and its numbers as in a JSON Web Key. */
export interface PrivateKey {
	readonly object: KeyObject;
	readonly jwk: Readonly<Record<string, string>>;
}

const CURVES: ReadonlySet<string> = new Set(["P-256", "P-384", "P-521"]);

const binary = (text: string): Buffer => Buffer.from(text, "base64url");
const integer = (text: string | undefined): bigint => BigInt(`0x0${binary(text ?? "").toString("hex")}`);

/** RSA numbers must be of one key of two primes, and a curve one that Go has. */
function checkedJwk(object: KeyObject): Readonly<Record<string, string>> {
	const jwk = object.export({ format: "jwk" }) as Record<string, string>;
	if (jwk["kty"] === "RSA") {
		const [n, e, d, p, q] = ["n", "e", "d", "p", "q"].map((name) => binary(jwk[name] ?? "")) as [
			Buffer,
			Buffer,
			Buffer,
			Buffer,
			Buffer,
		];
		const whole = rsaPrivateJwk(n, e, d, p, q);
		if (whole === undefined) throw new DerError();
		return whole as Readonly<Record<string, string>>;
	}
	const known = jwk["kty"] === "EC" ? CURVES.has(jwk["crv"] ?? "") : jwk["kty"] === "OKP";
	if (!known || jwk["crv"] === "Ed448" || jwk["crv"] === "X448") throw new DerError();
	return jwk;
}

type Format = "pkcs1" | "pkcs8" | "sec1";

/** What follows the version in each format; OpenSSL reads any of them under any name, Go does not. */
const AFTER_VERSION: Readonly<Record<Format, number>> = {
	pkcs1: TAG.integer,
	pkcs8: TAG.sequence,
	sec1: TAG.octets,
};

/**
 * Reads one private key in DER.
 * @throws {DerError} for what is none.
 */
export function readPrivateKey(der: Buffer, type: Format): PrivateKey {
	const reader = derReader(der);
	const inside = reader.inside(TAG.sequence);
	inside.read(TAG.integer);
	if (!reader.ended() || !inside.next(AFTER_VERSION[type])) throw new DerError();
	try {
		const object = createPrivateKey({ key: der, format: "der", type });
		return { object, jwk: checkedJwk(object) };
	} catch {
		throw new DerError();
	}
}

const TYPES = { "RSA PRIVATE KEY": "pkcs1", "PRIVATE KEY": "pkcs8", "EC PRIVATE KEY": "sec1" } as const;

/** The private keys of a PEM text, or of its base64; other blocks are passed over. */
export function privateKeys(given: string): readonly PrivateKey[] {
	if (given.length > MAX_TEXT) throw new DerError();
	const keys: PrivateKey[] = [];
	let rest = (decodeStdBase64(given) ?? bytesOf(given)).toString("latin1");
	for (let block = decodePem(rest); block !== undefined; block = decodePem(rest)) {
		if (Object.hasOwn(TYPES, block.type)) {
			if (keys.length >= MAX_KEYS) throw new DerError();
			keys.push(readPrivateKey(block.bytes, TYPES[block.type as keyof typeof TYPES]));
		}
		rest = block.rest;
	}
	return keys;
}

/** A key as Go's JSON has `rsa.PrivateKey`, `ecdsa.PrivateKey` and `ed25519.PrivateKey`. */
export function privateKeyTerm({ jwk }: PrivateKey): Term {
	const number = (name: string): Term => numberTerm(integer(jwk[name]));
	if (jwk["kty"] === "RSA") {
		const precomputed = { Dp: number("dp"), Dq: number("dq"), Qinv: number("qi"), CRTValues: arrayTerm([]) };
		return record({
			N: number("n"),
			E: number("e"),
			D: number("d"),
			Primes: arrayTerm([number("p"), number("q")]),
			Precomputed: record(precomputed),
		});
	}
	if (jwk["kty"] === "EC")
		return record({ Curve: record({}), X: number("x"), Y: number("y"), D: number("d") });
	// An X25519 key shows nothing of itself.
	if (jwk["crv"] !== "Ed25519") return record({});
	return bytesTerm(Buffer.concat([binary(jwk["d"] ?? ""), binary(jwk["x"] ?? "")]));
}

/** The same key as a JSON Web Key. */
export const jwkTerm = ({ jwk }: PrivateKey): Term => record(jwk);

/**
 * Says whether the private key is the other half of a public one. Not by `KeyObject.equals`: for keys of two kinds it
 * leaves an error behind in OpenSSL, and the next key that is read fails by it.
 */
export function isPair({ object }: PrivateKey, publicKey: KeyObject): boolean {
	const format = { format: "der", type: "spki" } as const;
	return createPublicKey(object).export(format).equals(publicKey.export(format));
}
