import { createPublicKey, type KeyObject } from "node:crypto";
import {
	type BitString,
	DerError,
	derBits,
	derInt64,
	derInteger,
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
	| { readonly kind: "ec"; readonly x: bigint; readonly y: bigint }
	| { readonly kind: "ed25519"; readonly bytes: Buffer }
	| { readonly kind: "x25519" }
	| { readonly kind: "dsa"; readonly y: bigint; readonly p: bigint; readonly q: bigint; readonly g: bigint };

/** Go's numbers for the kinds of keys. */
const KINDS: ReadonlyMap<string, number> = new Map([
	["1.2.840.113549.1.1.1", 1],
	["1.2.840.10040.4.1", 2],
	["1.2.840.10045.2.1", 3],
	["1.3.101.112", 4],
	["1.3.101.110", 5],
]);

/** Curves by name: bytes of a coordinate. */
const CURVES: ReadonlyMap<string, number> = new Map([
	["1.3.132.0.33", 28],
	["1.2.840.10045.3.1.7", 32],
	["1.3.132.0.34", 48],
	["1.3.132.0.35", 66],
]);

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
	const size = CURVES.get(oidText(readOid(derReader(parameters))));
	if (size === undefined || data.length !== 1 + 2 * size || data[0] !== 4) throw new DerError();
	return { kind: "ec", x: number(data.subarray(1, 1 + size)), y: number(data.subarray(1 + size)) };
}

function dsaKey({ parameters }: AlgorithmId, data: Buffer): PublicKey {
	const y = derInteger(derReader(data).read(TAG.integer));
	const reader = derReader(parameters).inside(TAG.sequence);
	const [p, q, g] = [0, 1, 2].map(() => derInteger(reader.read(TAG.integer))) as [bigint, bigint, bigint];
	if ([y, p, q, g].some((value) => value <= 0n)) throw new DerError();
	return { kind: "dsa", y, p, q, g };
}

function edwardsKey({ oid, parameters }: AlgorithmId, data: Buffer): PublicKey {
	if (parameters.length > 0 || data.length !== 32) throw new DerError();
	return oid === "1.3.101.112" ? { kind: "ed25519", bytes: data } : { kind: "x25519" };
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

/** A key that Node can work with. */
export function keyObject(spki: Buffer): KeyObject {
	try {
		return createPublicKey({ key: spki, format: "der", type: "spki" });
	} catch {
		throw new DerError();
	}
}

/** Reads a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), its point on its curve. */
export function readKeyInfo(raw: Buffer): KeyInfo {
	const reader = derReader(raw).inside(TAG.sequence);
	const algorithm = readAlgorithm(reader.read(TAG.sequence));
	const key = readKey(algorithm, derBits(reader.read(TAG.bits)));
	if (key?.kind === "ec") keyObject(raw);
	return { raw, algorithm: KINDS.get(algorithm.oid) ?? 0, ...(key === undefined ? {} : { key }) };
}
