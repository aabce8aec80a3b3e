import { byteString } from "../../term/byte-string.ts";
import type { Term } from "../../term/term.ts";
import { decodeBase64Url } from "../base64url.ts";
import { type Builtin, ofString } from "../builtin.ts";
import { goJson } from "../go/json.ts";
import { parseGoJson } from "../go/parse-json.ts";

const STANDARD = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Base64 as Go's `StdEncoding` reads it: padded, line ends skipped, unused bits of any value. */
function decodeBase64(text: string): Buffer | undefined {
	const plain = text.replace(/[\r\n]/g, "");
	return STANDARD.test(plain) ? Buffer.from(plain, "base64") : undefined;
}

function textOr(bytes: Buffer | undefined): Term | undefined {
	return bytes === undefined ? undefined : byteString(bytes);
}

export const nativeEncoding: Readonly<Record<string, Builtin>> = {
	"base64.is_valid": ([text]) => typeof text === "string" && decodeBase64(text) !== undefined,
	"base64.decode": ofString((text) => textOr(decodeBase64(text))),
	"base64url.decode": ofString((text) => textOr(decodeBase64Url(text))),
	"json.is_valid": ([text]) => typeof text === "string" && isJson(text),
	"json.marshal": ([term]) => (term === undefined ? undefined : goJson(term)),
	"json.unmarshal": ofString(parseGoJson),
};

function isJson(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}
