import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { type Builtin, ofString, ofStrings } from "./builtin.ts";

const hash = (algorithm: string): Builtin =>
	ofString((text) => createHash(algorithm).update(text, "utf8").digest("hex"));

const hmac = (algorithm: string): Builtin =>
	ofStrings((text, key) => createHmac(algorithm, key).update(text, "utf8").digest("hex"));

function equal(first: string, second: string): boolean {
	const a = Buffer.from(first, "utf8");
	const b = Buffer.from(second, "utf8");
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
