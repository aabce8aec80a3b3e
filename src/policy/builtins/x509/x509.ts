import { byteString } from "../../term/byte-string.ts";
import { arrayTerm, type Term } from "../../term/term.ts";
import { type Builtin, ofString, ofStrings } from "../builtin.ts";
import { decodeStdBase64 } from "../go/base64.ts";
import { readCertificates } from "./certificate.ts";
import { DerError } from "./der.ts";
import { keyPairTerm } from "./pair.ts";
import { jwkTerm, privateKeys, privateKeyTerm } from "./private-keys.ts";
import { certificateRequestTerm } from "./request.ts";
import { extendedTerm } from "./terms.ts";
import { certificateBytes } from "./text.ts";
import { verifyCertificates, verifyCertificatesWithOptions } from "./verify/answer.ts";

/** Undefined where the bytes are not what was looked for. */
function orUndefined<T>(read: () => T): T | undefined {
	try {
		return read();
	} catch (thrown) {
		if (thrown instanceof DerError) return undefined;
		throw thrown;
	}
}

/** The first private key of a text, as a JSON Web Key; null where there is none. */
function firstKey(text: string): Term {
	if (text === "") throw new DerError();
	const bytes = text.startsWith("-----BEGIN") ? undefined : decodeStdBase64(text);
	if (bytes === undefined && !text.startsWith("-----BEGIN")) throw new DerError();
	const [key] = privateKeys(bytes === undefined ? text : byteString(bytes));
	return key === undefined ? null : jwkTerm(key);
}

export const x509Builtins: Readonly<Record<string, Builtin>> = {
	"crypto.x509.parse_certificates": ofString((text) =>
		orUndefined(() => arrayTerm(readCertificates(certificateBytes(text)).map(extendedTerm))),
	),
	"crypto.x509.parse_certificate_request": ofString((text) =>
		orUndefined(() => certificateRequestTerm(text)),
	),
	"crypto.x509.parse_and_verify_certificates": verifyCertificates,
	"crypto.x509.parse_and_verify_certificates_with_options": verifyCertificatesWithOptions,
	"crypto.x509.parse_keypair": ofStrings((certificate, key) =>
		orUndefined(() => keyPairTerm(certificate, key)),
	),
	"crypto.x509.parse_rsa_private_key": ofString((text) => orUndefined(() => firstKey(text))),
	"crypto.parse_private_keys": ofString((text) =>
		text === "" ? null : orUndefined(() => arrayTerm(privateKeys(text).map(privateKeyTerm))),
	),
};
