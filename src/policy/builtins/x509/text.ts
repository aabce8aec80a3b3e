import { bytesOf } from "../../term/byte-string.ts";
import { decodeStdBase64 } from "../go/base64.ts";
import { DerError } from "./der.ts";
import { decodePem } from "./pem.ts";

const BEGIN = "-----BEGIN";

/** Certificates of one text, in bytes; a chain has a few KiB. */
const MAX_TEXT = 1 << 20;

/** The bytes of certificates in PEM, one after another. */
function fromPem(text: string): Buffer {
	const parts: Buffer[] = [];
	for (let rest = text; rest !== ""; ) {
		const block = decodePem(rest);
		if (block === undefined) break;
		if (block.type !== "CERTIFICATE") throw new DerError();
		parts.push(block.bytes);
		rest = block.rest;
	}
	return Buffer.concat(parts);
}

/**
 * The DER of certificates that are given in PEM, in base64 of PEM, or in base64 of DER.
 * @throws {DerError} for any other text.
 */
export function certificateBytes(text: string): Buffer {
	if (text.length > MAX_TEXT) throw new DerError();
	if (text.startsWith(BEGIN)) return fromPem(bytesOf(text).toString("latin1"));
	const bytes = decodeStdBase64(text);
	if (bytes === undefined) throw new DerError();
	const inner = bytes.toString("latin1");
	return inner.startsWith(BEGIN) ? fromPem(inner) : bytes;
}
