import { contextHolder, DerError, derInteger, derReader, TAG } from "./der.ts";
import { type AlgorithmId, readAlgorithm } from "./key.ts";

/** Go's numbers for algorithms of signatures. */
const NUMBERS: ReadonlyMap<string, number> = new Map([
	["1.2.840.113549.1.1.4", 2],
	["1.2.840.113549.1.1.5", 3],
	["1.3.14.3.2.29", 3],
	["1.2.840.113549.1.1.11", 4],
	["1.2.840.113549.1.1.12", 5],
	["1.2.840.113549.1.1.13", 6],
	["1.2.840.10040.4.3", 7],
	["2.16.840.1.101.3.4.3.2", 8],
	["1.2.840.10045.4.1", 9],
	["1.2.840.10045.4.3.2", 10],
	["1.2.840.10045.4.3.3", 11],
	["1.2.840.10045.4.3.4", 12],
	["1.3.101.112", 16],
]);

const PSS = "1.2.840.113549.1.1.10";
const MGF1 = "1.2.840.113549.1.1.8";

/** Digest and length of the salt that go together. */
const PSS_NUMBERS: ReadonlyMap<string, number> = new Map([
	["2.16.840.1.101.3.4.2.1 32", 13],
	["2.16.840.1.101.3.4.2.2 48", 14],
	["2.16.840.1.101.3.4.2.3 64", 15],
]);

const none = (parameters: Buffer): boolean =>
	parameters.length === 0 || parameters.equals(Buffer.of(TAG.null, 0));

/** The parameters of RSA-PSS (RFC 4055, 3.1): one digest throughout, salt of its length, the usual trailer. */
function pssNumber(parameters: Buffer): number {
	const reader = derReader(parameters).inside(TAG.sequence);
	if (!reader.next(contextHolder(0))) return 0;
	const hash = readAlgorithm(reader.inside(contextHolder(0)).read(TAG.sequence));
	if (!reader.next(contextHolder(1))) return 0;
	const mask = readAlgorithm(reader.inside(contextHolder(1)).read(TAG.sequence));
	const maskHash = readAlgorithm(derReader(mask.parameters).read(TAG.sequence));
	const salt = reader.next(contextHolder(2))
		? derInteger(reader.inside(contextHolder(2)).read(TAG.integer))
		: 20n;
	const trailer = reader.next(contextHolder(3))
		? derInteger(reader.inside(contextHolder(3)).read(TAG.integer))
		: 1n;
	const plain = none(hash.parameters) && none(maskHash.parameters) && trailer === 1n;
	if (!plain || mask.oid !== MGF1 || maskHash.oid !== hash.oid) return 0;
	return PSS_NUMBERS.get(`${hash.oid} ${salt}`) ?? 0;
}

/** Go's number for an algorithm of signatures; 0 for one that it does not know. */
export function signatureAlgorithmNumber({ oid, parameters }: AlgorithmId): number {
	if (oid === "1.3.101.112" && parameters.length > 0) return 0;
	if (oid !== PSS) return NUMBERS.get(oid) ?? 0;
	try {
		return pssNumber(parameters);
	} catch (thrown) {
		if (thrown instanceof DerError) return 0;
		throw thrown;
	}
}
