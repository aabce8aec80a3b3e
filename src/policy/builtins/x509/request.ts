import { bytesOf } from "../../term/byte-string.ts";
import { arrayTerm, numberTerm, type Term } from "../../term/term.ts";
import { decodeStdBase64 } from "../go/base64.ts";
import { anyTerm, elementsOf, type Fields, fieldsOf, listOf } from "./asn1.ts";
import { contextHolder, DerError, derBits, derBoolean, derInt64, derOid, rightAligned, TAG } from "./der.ts";
import type { Extension } from "./extensions.ts";
import { type AlgorithmId, type KeyInfo, keyInfoOf } from "./key.ts";
import { decodePem } from "./pem.ts";
import { type AlternativeNames, readAlternativeNames } from "./san.ts";
import { signatureAlgorithmNumber } from "./signature-algorithm.ts";
import {
	alternativeNameTerms,
	attributeTerm,
	bytesTerm,
	extensionTerm,
	keyTerm,
	nameTerm,
	oidTerm,
	record,
	someTerm,
} from "./terms.ts";
import { type Attribute, isTextTag, type Name, oidText, UnwritableError } from "./values.ts";

/** A request has a few KiB. */
const MAX_TEXT = 1 << 20;

function algorithmOf(fields: Fields): AlgorithmId {
	const parts = fieldsOf(fields.next(TAG.sequence).content);
	const oid = oidText(derOid(parts.next(TAG.oid).content));
	return { oid, parameters: parts.optional()?.whole ?? Buffer.alloc(0) };
}

function keyInfo(whole: Buffer, content: Buffer): KeyInfo {
	const fields = fieldsOf(content);
	return keyInfoOf(whole, algorithmOf(fields), fields.next(TAG.bits).content);
}

function attribute(content: Buffer): Attribute {
	const fields = fieldsOf(content);
	const type = derOid(fields.next(TAG.oid).content);
	const value = fields.next();
	return { type, value: anyTerm(value), isText: isTextTag(value.tag) };
}

const attributes = (content: Buffer): readonly Attribute[] =>
	listOf(content, TAG.sequence).map((pair) => attribute(pair.content));

function subject(whole: Buffer): Name {
	const sets = listOf(fieldsOf(whole).next(TAG.sequence).content, TAG.set);
	return sets.flatMap((set) => attributes(set.content));
}

/** One attribute of a request as Go's JSON has `pkix.AttributeTypeAndValueSET`; `undefined` for one of another shape. */
function attributeSetTerm(whole: Buffer): Term | undefined {
	try {
		const fields = fieldsOf(fieldsOf(whole).next(TAG.sequence).content);
		const type = derOid(fields.next(TAG.oid).content);
		const sets = listOf(fields.next(TAG.set).content, TAG.sequence);
		const value = sets.map(({ content }) => arrayTerm(attributes(content).map(attributeTerm)));
		return record({ Type: oidTerm(type), Value: arrayTerm(value) });
	} catch (thrown) {
		if (thrown instanceof DerError && !(thrown instanceof UnwritableError)) return undefined;
		throw thrown;
	}
}

/** The first value of an attribute that asks for extensions (RFC 2985, 5.4.2); `undefined` for any other attribute. */
function askedExtensions(whole: Buffer): Buffer | undefined {
	try {
		const fields = fieldsOf(fieldsOf(whole).next(TAG.sequence).content);
		const type = oidText(derOid(fields.next(TAG.oid).content));
		const [first] = [...elementsOf(fields.next(TAG.set).content)];
		return type === "1.2.840.113549.1.9.14" ? first?.whole : undefined;
	} catch (thrown) {
		if (thrown instanceof DerError) return undefined;
		throw thrown;
	}
}

function extension(content: Buffer): Extension {
	const fields = fieldsOf(content);
	const id = derOid(fields.next(TAG.oid).content);
	const critical = fields.optional(TAG.boolean);
	const value = fields.next(TAG.octets).content;
	return { id, critical: critical !== undefined && derBoolean(critical.content), value };
}

function extensions(wholes: readonly Buffer[]): readonly Extension[] {
	const found: Extension[] = [];
	for (const whole of wholes) {
		const asked = askedExtensions(whole);
		if (asked === undefined) continue;
		const list = listOf(fieldsOf(asked).next(TAG.sequence).content, TAG.sequence);
		found.push(...list.map(({ content }) => extension(content)));
	}
	if (new Set(found.map(({ id }) => oidText(id))).size < found.length) throw new DerError();
	return found;
}

function namesOf(found: readonly Extension[]): AlternativeNames | undefined {
	const names = found.find(({ id }) => oidText(id) === "2.5.29.17");
	return names === undefined ? undefined : readAlternativeNames(names.value);
}

function requestTerm(bytes: Buffer): Term {
	const top = fieldsOf(bytes);
	const { content, whole } = top.next(TAG.sequence);
	if (top.optional() !== undefined) throw new DerError();
	const outer = fieldsOf(content);
	const toBeSigned = outer.next(TAG.sequence);
	const fields = fieldsOf(toBeSigned.content);
	const version = derInt64(fields.next(TAG.integer).content);
	const rawSubject = fields.next().whole;
	const publicKey = fields.next(TAG.sequence);
	const info = keyInfo(publicKey.whole, publicKey.content);
	const rawAttributes = [...elementsOf(fields.next(contextHolder(0)).content)].map((one) => one.whole);
	const algorithm = algorithmOf(outer);
	const signature = rightAligned(derBits(outer.next(TAG.bits).content));
	const found = extensions(rawAttributes);
	return record({
		Raw: bytesTerm(whole),
		RawTBSCertificateRequest: bytesTerm(toBeSigned.whole),
		RawSubjectPublicKeyInfo: bytesTerm(info.raw),
		RawSubject: bytesTerm(rawSubject),
		Version: numberTerm(version),
		Signature: bytesTerm(signature),
		SignatureAlgorithm: numberTerm(signatureAlgorithmNumber(algorithm)),
		PublicKeyAlgorithm: numberTerm(info.algorithm),
		PublicKey: keyTerm(info),
		Subject: nameTerm(subject(rawSubject)),
		Attributes: someTerm(
			rawAttributes.map(attributeSetTerm).filter((term) => term !== undefined),
			(term) => term,
		),
		Extensions: someTerm(found, extensionTerm),
		ExtraExtensions: null,
		...alternativeNameTerms(namesOf(found)),
	});
}

const BEGIN = "-----BEGIN CERTIFICATE REQUEST-----";

/**
 * A request for a certificate, in PEM or in base64 of PEM or of DER, as Go's JSON has `x509.CertificateRequest`. Nobody
 * looks at its signature.
 * @throws {DerError} for anything else.
 */
export function certificateRequestTerm(text: string): Term {
	if (text.length > MAX_TEXT) throw new DerError();
	const bytes = text.startsWith(BEGIN) ? bytesOf(text) : decodeStdBase64(text);
	if (bytes === undefined) throw new DerError();
	const block = decodePem(bytes.toString("latin1"));
	if (block !== undefined && block.type !== "CERTIFICATE REQUEST") throw new DerError();
	return requestTerm(block?.bytes ?? bytes);
}
