import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { FIXED_LIMITS } from "../../config/limits.ts";
import { errorMessage } from "../../lib/error-message.ts";
import { PosternError } from "../../lib/errors.ts";
import type { TlsMaterial } from "../../lib/tls-material.ts";

/** Contents of the files, PEM. */
export interface TlsTexts {
	readonly certificate: string;
	readonly key: string;
	readonly clientCa?: string;
}

/** What was found good: together in one value, so that nobody ever sees half of an old pair and half of a new one. */
export interface CheckedMaterial extends TlsMaterial {
	/** Milliseconds since 1970: from when to when every certificate of the chain is valid. */
	readonly validFrom: number;
	readonly validTo: number;
	/** When the last of the client authorities ends. */
	readonly clientCaValidTo?: number;
	/** What works and will not please somebody. */
	readonly warnings: readonly string[];
}

const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/**
 * Holds a certificate chain, its key and the client authorities to everything that a handshake would stumble over.
 *
 * @throws PosternError `tls_unusable`; the message names no content of a file.
 */
export function checkMaterial(texts: TlsTexts): CheckedMaterial {
	const chain = readCertificates(texts.certificate, "certificate");
	const key = readKey(texts.key);
	const [leaf] = chain;
	if (leaf === undefined) throw unusable("certificate: holds no certificate");
	if (!leaf.checkPrivateKey(key)) {
		const at = chain.findIndex((each) => each.checkPrivateKey(key));
		throw unusable(
			at < 0
				? "key: is not the certificate's"
				: `certificate: the key is that of certificate ${at + 1}; the certificate itself comes first`,
		);
	}
	checkChain(chain);
	const authorities =
		texts.clientCa === undefined ? undefined : readCertificates(texts.clientCa, "client_ca");
	authorities?.forEach((each, at) => {
		if (!each.ca) throw unusable(`client_ca: certificate ${at + 1} is no certificate authority`);
	});
	const material: TlsMaterial = {
		certificate: chain.join("\n"),
		key: texts.key,
		...(authorities === undefined ? {} : { clientCa: authorities.join("\n") }),
	};
	try {
		createSecureContext({
			cert: material.certificate,
			key: material.key,
			...(material.clientCa === undefined ? {} : { ca: material.clientCa }),
		});
	} catch (thrown) {
		throw unusable(`certificate: ${errorMessage(thrown)}`, thrown);
	}
	return {
		...material,
		validFrom: Math.max(...chain.map((each) => each.validFromDate.getTime())),
		validTo: Math.min(...chain.map((each) => each.validToDate.getTime())),
		...(authorities === undefined
			? {}
			: { clientCaValidTo: Math.max(...authorities.map((each) => each.validToDate.getTime())) }),
		warnings: warningsOf(leaf),
	};
}

/** Each issued the one before it; the root may be left out. */
function checkChain(chain: readonly X509Certificate[]): void {
	chain.slice(1).forEach((issuer, at) => {
		const issued = chain[at] as X509Certificate;
		if (!issued.checkIssued(issuer) || !issued.verify(issuer.publicKey))
			throw unusable(
				`certificate: certificate ${at + 2} of the chain did not issue certificate ${at + 1}; each must follow the one that it issued`,
			);
	});
}

function warningsOf(leaf: X509Certificate): string[] {
	const warnings: string[] = [];
	// The types know it by an older name of the property.
	const purposes = leaf.keyUsage as readonly string[] | undefined;
	if (purposes !== undefined && !purposes.includes(SERVER_AUTH))
		warnings.push("the certificate is not for servers (extended key usage); Envoy will refuse it");
	if (leaf.subjectAltName === undefined)
		warnings.push("the certificate names nobody (no subjectAltName); Envoy cannot tell that it is ours");
	return warnings;
}

function readKey(text: string): KeyObject {
	try {
		return createPrivateKey(text);
	} catch (thrown) {
		throw unusable(
			/ENCRYPTED/.test(text) ? "key: is encrypted; it must be without a passphrase" : "key: cannot be read",
			thrown,
		);
	}
}

function readCertificates(text: string, what: string): X509Certificate[] {
	const blocks = [...text.matchAll(BLOCK)].filter(([, label]) => label === "CERTIFICATE");
	// A file that is being written ends in the middle of one.
	if (blocks.length !== text.split("-----BEGIN CERTIFICATE-----").length - 1)
		throw unusable(`${what}: ends in the middle of a certificate`);
	if (blocks.length === 0) throw unusable(`${what}: holds no certificate`);
	if (blocks.length > FIXED_LIMITS.tls_certificates.value)
		throw unusable(`${what}: holds more than ${FIXED_LIMITS.tls_certificates.value} certificates`);
	return blocks.map(([block], at) => {
		try {
			return new X509Certificate(block);
		} catch (thrown) {
			throw unusable(`${what}: certificate ${at + 1} cannot be read`, thrown);
		}
	});
}

function unusable(message: string, cause?: unknown): PosternError {
	return new PosternError("tls_unusable", message, { cause });
}
