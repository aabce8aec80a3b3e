import {
	context,
	contextHolder,
	DerError,
	type DerReader,
	derBits,
	derInt64,
	derInteger,
	derReader,
	rightAligned,
	TAG,
} from "./der.ts";
import { type Extension, type ExtensionFields, extensionFields, readExtensions } from "./extensions.ts";
import { type KeyInfo, readAlgorithm, readKeyInfo } from "./key.ts";
import { signatureAlgorithmNumber } from "./signature-algorithm.ts";
import { type Moment, type Name, readName, readTime } from "./values.ts";

/** A certificate as Go's x509 package reads it (RFC 5280). */
export interface Certificate {
	readonly raw: Buffer;
	readonly rawToBeSigned: Buffer;
	readonly rawSubject: Buffer;
	readonly rawIssuer: Buffer;
	readonly signature: Buffer;
	readonly signatureAlgorithm: number;
	readonly keyInfo: KeyInfo;
	readonly version: number;
	readonly serial: bigint;
	readonly issuer: Name;
	readonly subject: Name;
	readonly notBefore: Moment;
	readonly notAfter: Moment;
	readonly extensions: readonly Extension[];
	readonly fields: ExtensionFields;
}

function readVersion(reader: DerReader): number {
	if (!reader.next(contextHolder(0))) return 1;
	const inner = reader.inside(contextHolder(0));
	const version = derInt64(inner.read(TAG.integer));
	if (!inner.ended() || version < 0n || version > 2n) throw new DerError();
	return Number(version) + 1;
}

function readAllExtensions(reader: DerReader, version: number): readonly Extension[] {
	if (version < 2) return [];
	for (const unique of [context(1), context(2)]) if (reader.next(unique)) reader.read(unique);
	if (version < 3 || !reader.next(contextHolder(3))) return [];
	return readExtensions(reader.inside(contextHolder(3)).inside(TAG.sequence));
}

function readCertificate(raw: Buffer): Certificate {
	const outer = derReader(raw).inside(TAG.sequence);
	const rawToBeSigned = outer.whole(TAG.sequence);
	const reader = derReader(rawToBeSigned).inside(TAG.sequence);
	const version = readVersion(reader);
	const serial = derInteger(reader.read(TAG.integer));
	if (serial < 0n) throw new DerError();
	const algorithm = reader.read(TAG.sequence);
	if (!outer.read(TAG.sequence).equals(algorithm)) throw new DerError();
	const signatureAlgorithm = signatureAlgorithmNumber(readAlgorithm(algorithm));
	const rawIssuer = reader.whole(TAG.sequence);
	const issuer = readName(rawIssuer);
	const validity = reader.inside(TAG.sequence);
	const notBefore = readTime(validity);
	const notAfter = readTime(validity);
	const rawSubject = reader.whole(TAG.sequence);
	const subject = readName(rawSubject);
	const keyInfo = readKeyInfo(reader.whole(TAG.sequence));
	const extensions = readAllExtensions(reader, version);
	const fields = extensionFields(extensions);
	const signature = rightAligned(derBits(outer.read(TAG.bits)));
	return {
		raw,
		rawToBeSigned,
		rawSubject,
		rawIssuer,
		signature,
		signatureAlgorithm,
		keyInfo,
		version,
		serial,
		issuer,
		subject,
		notBefore,
		notAfter,
		extensions,
		fields,
	};
}

/** Certificates of one chain; nobody's is longer by far. */
const MAX_CERTIFICATES = 256;

/**
 * Reads certificates that stand one after another.
 * @throws {DerError} where one is not what Go reads.
 */
export function readCertificates(bytes: Buffer): readonly Certificate[] {
	const reader = derReader(bytes);
	const certificates: Certificate[] = [];
	while (!reader.ended()) {
		if (certificates.length >= MAX_CERTIFICATES) throw new DerError();
		certificates.push(readCertificate(reader.whole(TAG.sequence)));
	}
	return certificates;
}
