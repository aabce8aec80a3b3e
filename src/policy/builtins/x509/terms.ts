import { wellFormed } from "../../term/byte-string.ts";
import { arrayTerm, numberTerm, objectTerm, type Term } from "../../term/term.ts";
import { type Url, urlText } from "../go/url.ts";
import type { Bytes } from "../go/url-escape.ts";
import { addressText } from "../net/ip.ts";
import type { Certificate } from "./certificate.ts";
import type { Subtrees } from "./constraints.ts";
import type { Extension } from "./extensions.ts";
import type { KeyInfo } from "./key.ts";
import type { AlternativeNames } from "./san.ts";
import { type Attribute, jsonText, type Name, type Oid, oidText, timeText } from "./values.ts";

export const record = (members: Readonly<Record<string, Term>>): Term => objectTerm(Object.entries(members));

/** Go's JSON has bytes in base64, and none as null. */
export const bytesTerm = (bytes: Buffer | undefined): Term => bytes?.toString("base64") ?? null;

/** A slice that was never made is null. */
const listTerm = <T>(items: readonly T[] | undefined, term: (item: T) => Term): Term =>
	items === undefined ? null : arrayTerm(items.map(term));

/** The same where an empty one is never made either. */
export const someTerm = <T>(items: readonly T[] | undefined, term: (item: T) => Term): Term =>
	listTerm(items?.length === 0 ? undefined : items, term);

const text = (value: string): Term => value;
export const oidTerm = (oid: Oid): Term => arrayTerm(oid.map(numberTerm));

function addressTerm(bytes: Buffer): Term {
	const value = BigInt(`0x${bytes.toString("hex")}`);
	return addressText(bytes.length === 4 ? (0xffffn << 32n) | value : value);
}

/** Attributes that Go's names have a field for: several values, or the last one. */
const LISTS: ReadonlyMap<string, string> = new Map([
	["2.5.4.6", "Country"],
	["2.5.4.7", "Locality"],
	["2.5.4.8", "Province"],
	["2.5.4.9", "StreetAddress"],
	["2.5.4.10", "Organization"],
	["2.5.4.11", "OrganizationalUnit"],
	["2.5.4.17", "PostalCode"],
]);

export const attributeTerm = ({ type, value }: Attribute): Term =>
	record({ Type: oidTerm(type), Value: value });

export function nameTerm(name: Name): Term {
	const valuesOf = (oid: string): readonly string[] =>
		name.filter(({ type, isText }) => isText && oidText(type) === oid).map(({ value }) => value as string);
	return record({
		...Object.fromEntries([...LISTS].map(([oid, field]) => [field, someTerm(valuesOf(oid), text)])),
		CommonName: valuesOf("2.5.4.3").at(-1) ?? "",
		SerialNumber: valuesOf("2.5.4.5").at(-1) ?? "",
		ExtraNames: null,
		Names: someTerm(name, attributeTerm),
	});
}

/** The fields that Go exports: a curve has none. */
export function keyTerm({ key }: KeyInfo): Term {
	switch (key?.kind) {
		case "rsa":
			return record({ N: numberTerm(key.n), E: numberTerm(key.e) });
		case "ec":
			return record({ Curve: record({}), X: numberTerm(key.x), Y: numberTerm(key.y) });
		case "ed25519":
			return bytesTerm(key.bytes);
		case "dsa":
			return record({
				P: numberTerm(key.p),
				Q: numberTerm(key.q),
				G: numberTerm(key.g),
				Y: numberTerm(key.y),
			});
		case undefined:
			return null;
	}
}

export const extensionTerm = ({ id, critical, value }: Extension): Term =>
	record({ Id: oidTerm(id), Critical: critical, Value: bytesTerm(value) });

const bytesText = (bytes: Bytes): string => jsonText(Buffer.from(bytes, "latin1"));

const uriTerm = (uri: Url): Term =>
	record({
		Scheme: uri.scheme,
		Opaque: bytesText(uri.opaque),
		// Its fields are private.
		User: uri.user === undefined ? null : record({}),
		Host: bytesText(uri.host),
		Path: bytesText(uri.path),
		RawPath: bytesText(uri.rawPath),
		OmitHost: uri.hostless,
		ForceQuery: uri.emptyQuery,
		RawQuery: bytesText(uri.query),
		Fragment: bytesText(uri.fragment),
		RawFragment: bytesText(uri.rawFragment),
	});

export const alternativeNameTerms = (
	names: AlternativeNames | undefined,
): Readonly<Record<string, Term>> => ({
	DNSNames: listTerm(names?.dns, text),
	EmailAddresses: listTerm(names?.emails, text),
	IPAddresses: listTerm(names?.addresses, addressTerm),
	URIs: listTerm(names?.uris, uriTerm),
});

function subtreeTerms(
	kind: "Permitted" | "Excluded",
	subtrees: Subtrees | undefined,
): Readonly<Record<string, Term>> {
	return {
		[`${kind}DNSDomains`]: listTerm(subtrees?.dns, text),
		[`${kind}IPRanges`]: listTerm(subtrees?.ranges, ({ address, mask }) =>
			record({ IP: addressTerm(address), Mask: bytesTerm(mask) }),
		),
		[`${kind}EmailAddresses`]: listTerm(subtrees?.emails, text),
		[`${kind}URIDomains`]: listTerm(subtrees?.uris, text),
	};
}

/** A number that may be absent, and whether it is there and zero. */
const countTerms = (name: string, value: number | undefined): Readonly<Record<string, Term>> => ({
	[name]: numberTerm(value ?? 0),
	[`${name}Zero`]: value === 0,
});

/** A certificate as Go's JSON has `x509.Certificate`. */
export function certificateTerms(certificate: Certificate): Readonly<Record<string, Term>> {
	const { fields, keyInfo } = certificate;
	return {
		Raw: bytesTerm(certificate.raw),
		RawTBSCertificate: bytesTerm(certificate.rawToBeSigned),
		RawSubjectPublicKeyInfo: bytesTerm(keyInfo.raw),
		RawSubject: bytesTerm(certificate.rawSubject),
		RawIssuer: bytesTerm(certificate.rawIssuer),
		Signature: bytesTerm(certificate.signature),
		SignatureAlgorithm: numberTerm(certificate.signatureAlgorithm),
		PublicKeyAlgorithm: numberTerm(keyInfo.algorithm),
		PublicKey: keyTerm(keyInfo),
		Version: numberTerm(certificate.version),
		SerialNumber: numberTerm(certificate.serial),
		Issuer: nameTerm(certificate.issuer),
		Subject: nameTerm(certificate.subject),
		NotBefore: timeText(certificate.notBefore),
		NotAfter: timeText(certificate.notAfter),
		KeyUsage: numberTerm(fields.keyUsage ?? 0),
		Extensions: someTerm(certificate.extensions, extensionTerm),
		ExtraExtensions: null,
		UnhandledCriticalExtensions: someTerm(fields.unhandled, oidTerm),
		ExtKeyUsage: someTerm(fields.usages?.known, numberTerm),
		UnknownExtKeyUsage: someTerm(fields.usages?.unknown, oidTerm),
		BasicConstraintsValid: fields.basic !== undefined,
		IsCA: fields.basic?.isCa ?? false,
		...countTerms("MaxPathLen", fields.basic?.maxPath),
		SubjectKeyId: bytesTerm(fields.subjectKeyId),
		AuthorityKeyId: bytesTerm(fields.authorityKeyId),
		OCSPServer: listTerm(fields.ocsp, text),
		IssuingCertificateURL: listTerm(fields.issuers, text),
		...alternativeNameTerms(fields.names),
		PermittedDNSDomainsCritical: fields.constraints?.critical ?? false,
		...subtreeTerms("Permitted", fields.constraints?.permitted),
		...subtreeTerms("Excluded", fields.constraints?.excluded),
		CRLDistributionPoints: someTerm(fields.crlPoints, text),
		PolicyIdentifiers: listTerm(
			fields.policies?.flatMap(({ small }) => (small === undefined ? [] : [small])),
			oidTerm,
		),
		Policies: someTerm(fields.policies, ({ text: policy }) => policy),
		...countTerms("InhibitAnyPolicy", fields.anyPolicy),
		...countTerms("InhibitPolicyMapping", fields.policyMapping),
		...countTerms("RequireExplicitPolicy", fields.explicitPolicy),
		PolicyMappings: someTerm(fields.policyMappings, ({ issuer, subject }) =>
			record({ IssuerDomainPolicy: issuer.text, SubjectDomainPolicy: subject.text }),
		),
	};
}

/** The same as OPA has it: with the URIs as texts too. */
export function extendedTerm(certificate: Certificate): Term {
	const uris = certificate.fields.names?.uris;
	return record({
		...certificateTerms(certificate),
		URIStrings: listTerm(uris, (uri) => wellFormed(urlText(uri))),
	});
}
