import {
	createPrivateKey,
	createPublicKey,
	type JsonWebKey,
	type KeyObject,
	X509Certificate,
} from "node:crypto";
import { decodeAnyBase64, decodeStdBase64 } from "../go/base64.ts";
import { rsaPrivateJwk } from "../x509/rsa-parts.ts";

/** A key that tokens are signed or verified with. */
export interface TokenKey {
	/** Empty where there is none. */
	readonly kid: string;
	readonly alg: string;
	/** `other`: no algorithm of a token takes it. */
	readonly kind: "rsa" | "ec" | "ed25519" | "oct" | "other";
	/** Of `oct`. */
	readonly secret?: Buffer;
	/** Absent where the numbers make no key that could verify anything. */
	readonly publicKey?: KeyObject;
	readonly privateKey?: KeyObject;
	/** The key was given with its private part. */
	readonly isPrivate: boolean;
}

type Members = Readonly<Record<string, unknown>>;

/** Bytes of a curve's numbers. */
const CURVES: ReadonlyMap<string, number> = new Map([
	["P-256", 32],
	["P-384", 48],
	["P-521", 66],
]);

const ALGORITHMS: ReadonlySet<string> = new Set(
	`HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES256K ES384 ES512 EdDSA Ed25519 Ed448 none
RSA1_5 RSA-OAEP RSA-OAEP-256 RSA-OAEP-384 RSA-OAEP-512 A128KW A192KW A256KW dir ECDH-ES ECDH-ES+A128KW
ECDH-ES+A192KW ECDH-ES+A256KW A128GCMKW A192GCMKW A256GCMKW PBES2-HS256+A128KW PBES2-HS384+A192KW
PBES2-HS512+A256KW A128CBC-HS256 A192CBC-HS384 A256CBC-HS512 A128GCM A192GCM A256GCM`.split(/\s+/),
);

/** A text member; `null` counts as the empty text, as Go's decoder has it. */
function text(members: Members, name: string): string | undefined {
	const value = members[name];
	if (value === undefined || value === null) return "";
	return typeof value === "string" ? value : undefined;
}

/** A number or other bytes in base64. */
function bytes(members: Members, name: string): Buffer | undefined {
	const value = members[name];
	return typeof value === "string" ? decodeAnyBase64(value) : undefined;
}

function isCertificate(value: unknown): boolean {
	const der = typeof value === "string" ? decodeStdBase64(value) : undefined;
	if (der === undefined) return false;
	try {
		return new X509Certificate(der).raw.length === der.length;
	} catch {
		return false;
	}
}

/** Members that decide nothing here, but of the wrong type make the key, and its set, unreadable. */
function othersRead(members: Members): boolean {
	const texts = ["kid", "use", "x5t", "x5t#S256", "x5u"].every((name) => text(members, name) !== undefined);
	const operations = members["key_ops"] ?? [];
	const chain = members["x5c"] === undefined ? [] : members["x5c"];
	return (
		texts &&
		Array.isArray(operations) &&
		operations.every((operation) => typeof operation === "string" || operation === null) &&
		Array.isArray(chain) &&
		chain.every(isCertificate)
	);
}

/** `undefined` where Node refuses the numbers. */
function attempt(make: () => KeyObject): KeyObject | undefined {
	try {
		return make();
	} catch {
		return undefined;
	}
}

const publicOf = (key: JsonWebKey): KeyObject | undefined =>
	attempt(() => createPublicKey({ key, format: "jwk" }));
const privateOf = (key: JsonWebKey): KeyObject | undefined =>
	attempt(() => createPrivateKey({ key, format: "jwk" }));

type Parts = Omit<TokenKey, "kid" | "alg">;

const withKeys = (publicKey: KeyObject | undefined, privateKey?: KeyObject | undefined) => ({
	...(publicKey === undefined ? {} : { publicKey }),
	...(privateKey === undefined ? {} : { privateKey }),
});

function rsa(members: Members): Parts | undefined {
	const n = bytes(members, "n");
	const e = bytes(members, "e");
	const modulus = n === undefined ? 0n : BigInt(`0x0${n.toString("hex")}`);
	const exponent = e === undefined ? 0n : BigInt(`0x0${e.toString("hex")}`);
	// Go holds the exponent in an int.
	if (n === undefined || e === undefined || modulus === 0n || exponent % 2n === 0n || exponent >= 1n << 63n) {
		return undefined;
	}
	const publicKey = publicOf({ kty: "RSA", n: n.toString("base64url"), e: e.toString("base64url") });
	const d = members["d"];
	if (d === undefined) return { kind: "rsa", isPrivate: false, ...withKeys(publicKey) };
	const [exponentD, p, q] = ["d", "p", "q"].map((name) => bytes(members, name));
	if (exponentD === undefined || p === undefined || q === undefined || exponentD.length === 0)
		return undefined;
	for (const name of ["dp", "dq", "qi"]) {
		if (members[name] !== undefined && bytes(members, name) === undefined) return undefined;
	}
	const whole = rsaPrivateJwk(n, e, exponentD, p, q);
	return { kind: "rsa", isPrivate: true, ...withKeys(publicKey, whole && privateOf(whole)) };
}

function ec(members: Members): Parts | undefined {
	const crv = text(members, "crv") ?? "";
	const size = CURVES.get(crv);
	const x = bytes(members, "x");
	const y = bytes(members, "y");
	if (size === undefined || x?.length !== size || y?.length !== size) return undefined;
	const key = { kty: "EC", crv, x: x.toString("base64url"), y: y.toString("base64url") };
	const publicKey = publicOf(key);
	if (publicKey === undefined) return undefined;
	if (members["d"] === undefined) return { kind: "ec", isPrivate: false, publicKey };
	const d = bytes(members, "d");
	if (d?.length !== size) return undefined;
	return {
		kind: "ec",
		isPrivate: true,
		...withKeys(publicKey, privateOf({ ...key, d: d.toString("base64url") })),
	};
}

function okp(members: Members): Parts | undefined {
	const crv = text(members, "crv") ?? "";
	const x = bytes(members, "x");
	if ((crv !== "Ed25519" && crv !== "X25519") || x?.length !== 32) return undefined;
	const key = { kty: "OKP", crv, x: x.toString("base64url") };
	const kind = crv === "Ed25519" ? "ed25519" : "other";
	const publicKey = publicOf(key);
	if (members["d"] === undefined) return { kind, isPrivate: false, ...withKeys(publicKey) };
	const d = bytes(members, "d");
	if (d?.length !== 32) return undefined;
	if (kind === "other") return { kind, isPrivate: true };
	const privateKey = privateOf({ ...key, d: d.toString("base64url") });
	// Node takes any `x` beside `d`.
	const own = privateKey && createPublicKey(privateKey).export({ format: "jwk" }).x;
	return own === key.x ? { kind, isPrivate: true, ...withKeys(publicKey, privateKey) } : undefined;
}

function oct(members: Members): Parts | undefined {
	const secret = bytes(members, "k");
	return secret === undefined || secret.length === 0 ? undefined : { kind: "oct", isPrivate: true, secret };
}

const KINDS: ReadonlyMap<unknown, (members: Members) => Parts | undefined> = new Map([
	["RSA", rsa],
	["EC", ec],
	["OKP", okp],
	["oct", oct],
]);

/** Reads one JSON Web Key (RFC 7517); `undefined` for what OPA's library refuses. */
export function readJwk(value: unknown): TokenKey | undefined {
	if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
	const members = value as Members;
	const kid = text(members, "kid");
	const alg = members["alg"] === undefined ? "" : members["alg"];
	if (kid === undefined || typeof alg !== "string" || !othersRead(members)) return undefined;
	if (members["alg"] !== undefined && !ALGORITHMS.has(alg)) return undefined;
	const parts = KINDS.get(members["kty"])?.(members);
	return parts && { kid, alg, ...parts };
}
