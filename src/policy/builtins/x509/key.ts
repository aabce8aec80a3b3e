import { createPublicKey, type KeyObject } from "node:crypto";
import {
	type BitString,
	DerError,
	derBits,
	derElement,
	derInt64,
	derInteger,
	derNumber,
	derReader,
	rightAligned,
	TAG,
} from "./der.ts";
import { oidText, readOid } from "./values.ts";

/** An algorithm's name and, as they are, its parameters. */
export interface AlgorithmId {
	readonly oid: string;
	/** Empty for none. */
	readonly parameters: Buffer;
}

export function readAlgorithm(content: Buffer): AlgorithmId {
	const reader = derReader(content);
	const oid = oidText(readOid(reader));
	return { oid, parameters: reader.ended() ? Buffer.alloc(0) : reader.any().whole };
}

/** A public key as Go's x509 package reads it. */
export type PublicKey =
	| { readonly kind: "rsa"; readonly n: bigint; readonly e: bigint }
	| {
			readonly kind: "ec";
			/** The curve's object identifier, as an element. */
			readonly curve: Buffer;
			readonly point: Buffer;
			readonly x: bigint;
			readonly y: bigint;
	  }
	| { readonly kind: "ed25519"; readonly bytes: Buffer }
	| { readonly kind: "dsa"; readonly y: bigint; readonly p: bigint; readonly q: bigint; readonly g: bigint };

/** Go's numbers for the kinds of keys. */
const KINDS: ReadonlyMap<string, number> = new Map([
	["1.2.840.113549.1.1.1", 1],
	["1.2.840.10040.4.1", 2],
	["1.2.840.10045.2.1", 3],
	["1.3.101.112", 4],
]);

/** Curves by name: bytes of a coordinate. */
const CURVES: ReadonlyMap<string, number> = new Map([
	["1.3.132.0.33", 28],
	["1.2.840.10045.3.1.7", 32],
	["1.3.132.0.34", 48],
	["1.3.132.0.35", 66],
]);

/** The identifiers of keys, as elements. */
const RSA = Buffer.from("06092a864886f70d010101", "hex");
const EC = Buffer.from("06072a8648ce3d0201", "hex");
const ED25519 = Buffer.from("06032b6570", "hex");
const NULL = Buffer.of(TAG.null, 0);

/** A key's SubjectPublicKeyInfo without what Go reads over. */
function plainKeyInfo(key: PublicKey): Buffer {
	const info = (algorithm: readonly Buffer[], bytes: Buffer): Buffer =>
		derElement(
			TAG.sequence,
			derElement(TAG.sequence, ...algorithm),
			derElement(TAG.bits, Buffer.of(0), bytes),
		);
	switch (key.kind) {
		case "rsa":
			return info([RSA, NULL], derElement(TAG.sequence, derNumber(key.n), derNumber(key.e)));
		case "ec":
			return info([EC, key.curve], key.point);
		case "ed25519":
			return info([ED25519], key.bytes);
		default:
			throw new DerError();
	}
}

/**
 * A key that Node can check signatures with.
 * @throws {DerError} for a kind of key that signs nothing, and for a point that is not on its curve.
 */
export function publicKeyObject(key: PublicKey): KeyObject {
	const spki = plainKeyInfo(key);
	try {
		return createPublicKey({ key: spki, format: "der", type: "spki" });
	} catch {
		throw new DerError();
	}
}

const number = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString("hex")}`);

function rsaKey({ parameters }: AlgorithmId, data: Buffer): PublicKey {
	if (!parameters.equals(Buffer.of(TAG.null, 0))) throw new DerError();
	const reader = derReader(data).inside(TAG.sequence);
	const n = derInteger(reader.read(TAG.integer));
	const e = derInt64(reader.read(TAG.integer));
	if (n <= 0n || e <= 0n) throw new DerError();
	return { kind: "rsa", n, e };
}

function ecKey({ parameters }: AlgorithmId, data: Buffer): PublicKey {
	const curve = derReader(parameters).whole(TAG.oid);
	const size = CURVES.get(oidText(readOid(derReader(curve))));
	if (size === undefined || data.length !== 1 + 2 * size || data[0] !== 4) throw new DerError();
	const [x, y] = [data.subarray(1, 1 + size), data.subarray(1 + size)];
	const key = { kind: "ec", curve, point: data, x: number(x), y: number(y) } as const;
	publicKeyObject(key);
	return key;
}

function dsaKey({ parameters }: AlgorithmId, data: Buffer): PublicKey {
	const y = derInteger(derReader(data).read(TAG.integer));
	const reader = derReader(parameters).inside(TAG.sequence);
	const [p, q, g] = [0, 1, 2].map(() => derInteger(reader.read(TAG.integer))) as [bigint, bigint, bigint];
	if ([y, p, q, g].some((value) => value <= 0n)) throw new DerError();
	return { kind: "dsa", y, p, q, g };
}

function edwardsKey({ parameters }: AlgorithmId, data: Buffer): PublicKey {
	if (parameters.length > 0 || data.length !== 32) throw new DerError();
	return { kind: "ed25519", bytes: data };
}

export interface KeyInfo {
	/** The whole SubjectPublicKeyInfo. */
	readonly raw: Buffer;
	/** Go's number for the kind; 0 for one that it does not know. */
	readonly algorithm: number;
	/** Absent for a kind that Go does not know. */
	readonly key?: PublicKey;
}

function readKey(algorithm: AlgorithmId, bits: BitString): PublicKey | undefined {
	const data = rightAligned(bits);
	switch (KINDS.get(algorithm.oid)) {
		case 1:
			return rsaKey(algorithm, data);
		case 2:
			return dsaKey(algorithm, data);
		case 3:
			return ecKey(algorithm, data);
		case undefined:
			return undefined;
		default:
			return edwardsKey(algorithm, data);
	}
}

/** The parts of a SubjectPublicKeyInfo put together. */
export function keyInfoOf(raw: Buffer, algorithm: AlgorithmId, bits: Buffer): KeyInfo {
	const key = readKey(algorithm, derBits(bits));
	return { raw, algorithm: KINDS.get(algorithm.oid) ?? 0, ...(key === undefined ? {} : { key }) };
}

/** Reads a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7); a point is on its curve. */
export function readKeyInfo(raw: Buffer): KeyInfo {
	const reader = derReader(raw).inside(TAG.sequence);
	const algorithm = readAlgorithm(reader.read(TAG.sequence));
	return keyInfoOf(raw, algorithm, reader.read(TAG.bits));
}

/** Says whether a SubjectPublicKeyInfo has a key of X25519, which signs nothing; in a certificate Go does not know it. */
export function isExchangeKey(raw: Buffer): boolean {
	const reader = derReader(raw).inside(TAG.sequence);
	const { oid, parameters } = readAlgorithm(reader.read(TAG.sequence));
	const { bytes, unused } = derBits(reader.read(TAG.bits));
	return oid === "1.3.101.110" && parameters.length === 0 && bytes.length === 32 && unused === 0;
}
