import { bytesOf } from "../../term/byte-string.ts";
import { arrayTerm, type Term } from "../../term/term.ts";
import { decodeStdBase64 } from "../go/base64.ts";
import { readCertificates } from "./certificate.ts";
import { DerError } from "./der.ts";
import { publicKeyObject } from "./key.ts";
import { decodePem, type PemBlock } from "./pem.ts";
import { isPair, type PrivateKey, privateKeyTerm, readPrivateKey } from "./private-keys.ts";
import { bytesTerm, certificateTerms, record } from "./terms.ts";

const BEGIN = "-----BEGIN";
const MAX_TEXT = 1 << 20;
const MAX_BLOCKS = 64;

function blocks(text: string): readonly PemBlock[] {
	const found: PemBlock[] = [];
	let block = decodePem(text);
	while (block !== undefined && found.length < MAX_BLOCKS) {
		found.push(block);
		block = decodePem(block.rest);
	}
	return found;
}

/** PEM as it is; base64 of PEM; or base64 of DER, which becomes one block of this type. */
function readBlocks(given: string, begin: string, type: string): readonly PemBlock[] {
	if (given.length > MAX_TEXT) throw new DerError();
	if (given.startsWith(begin)) return blocks(bytesOf(given).toString("latin1"));
	const bytes = decodeStdBase64(given);
	if (bytes === undefined) throw new DerError();
	const text = bytes.toString("latin1");
	return text.startsWith(BEGIN) ? blocks(text) : [{ type, bytes, rest: "" }];
}

/** In the order in which Go tries them. */
const FORMATS = ["pkcs1", "pkcs8", "sec1"] as const;

function anyPrivateKey(der: Buffer): PrivateKey {
	for (const format of FORMATS) {
		try {
			const key = readPrivateKey(der, format);
			if (key.jwk["crv"] !== "X25519") return key;
		} catch (thrown) {
			if (!(thrown instanceof DerError)) throw thrown;
		}
	}
	throw new DerError();
}

/**
 * A certificate and its key as Go's JSON has `tls.Certificate`.
 * @throws {DerError} where one is missing or unreadable, or they are no pair.
 */
export function keyPairTerm(certificates: string, key: string): Term {
	const chain = readBlocks(certificates, `${BEGIN} `, "CERTIFICATE").filter(
		({ type }) => type === "CERTIFICATE",
	);
	const block = readBlocks(key, `${BEGIN} `, "PRIVATE KEY").find(
		({ type }) => type === "PRIVATE KEY" || type.endsWith(" PRIVATE KEY"),
	);
	const first = chain[0];
	if (first === undefined || block === undefined) throw new DerError();
	const [leaf, second] = readCertificates(first.bytes);
	if (leaf === undefined || second !== undefined) throw new DerError();
	const privateKey = anyPrivateKey(block.bytes);
	const { key: publicKey } = leaf.keyInfo;
	if (publicKey === undefined || !isPair(privateKey, publicKeyObject(publicKey))) throw new DerError();
	return record({
		Certificate: arrayTerm(chain.map(({ bytes }) => bytesTerm(bytes))),
		PrivateKey: privateKeyTerm(privateKey),
		SupportedSignatureAlgorithms: null,
		OCSPStaple: null,
		SignedCertificateTimestamps: null,
		Leaf: record(certificateTerms(leaf)),
	});
}
