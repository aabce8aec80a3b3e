import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { bytesOf } from "../term/byte-string.ts";
import { type Builtin, ofString, ofStrings } from "./builtin.ts";

const hash = (algorithm: string): Builtin =>
	ofString((text) => createHash(algorithm).update(bytesOf(text)).digest("hex"));

const hmac = (algorithm: string): Builtin =>
	ofStrings((text, key) => createHmac(algorithm, bytesOf(key)).update(bytesOf(text)).digest("hex"));

function equal(first: string, second: string): boolean {
	const a = bytesOf(first);
	const b = bytesOf(second);
	return a.length === b.length && timingSafeEqual(a, b);
}

export const cryptoBuiltins: Readonly<Record<string, Builtin>> = {
	"crypto.md5": hash("md5"),
	"crypto.sha1": hash("sha1"),
	"crypto.sha256": hash("sha256"),
	"crypto.hmac.md5": hmac("md5"),
	"crypto.hmac.sha1": hmac("sha1"),
	"crypto.hmac.sha256": hmac("sha256"),
	"crypto.hmac.sha512": hmac("sha512"),
	"crypto.hmac.equal": ofStrings(equal),
};
