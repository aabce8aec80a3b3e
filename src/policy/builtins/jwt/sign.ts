import { constants, createHmac, type KeyObject, sign } from "node:crypto";
import { bytesOf } from "../../term/byte-string.ts";
import { isObject, type Term } from "../../term/term.ts";
import { goJson } from "../go/json.ts";
import { parseGoJson } from "../go/parse-json.ts";
import type { TokenKey } from "./jwk.ts";
import { readJwks, TOKEN_ALGORITHMS } from "./keys.ts";
import { type Algorithm, algorithmOf, usableRsa } from "./signature.ts";
import { member } from "./token.ts";

/** `undefined` where key and algorithm do not fit. */
function keyFor({ family }: Algorithm, { kind, privateKey }: TokenKey): KeyObject | undefined {
	const wanted = family === "ES" ? "ec" : family === "EdDSA" ? "ed25519" : "rsa";
	if (kind !== wanted || privateKey === undefined) return undefined;
	return kind !== "rsa" || usableRsa(privateKey) ? privateKey : undefined;
}

function signatureOf(algorithm: Algorithm, key: TokenKey, text: string): Buffer | undefined {
	const { family, digest } = algorithm;
	if (family === "HS") {
		return key.secret === undefined ? undefined : createHmac(digest, key.secret).update(text).digest();
	}
	const privateKey = keyFor(algorithm, key);
	if (privateKey === undefined) return undefined;
	const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
	const options = { key: privateKey, dsaEncoding: "ieee-p1363", ...(family === "PS" ? pss : {}) } as const;
	try {
		return sign(family === "EdDSA" ? null : digest, Buffer.from(text, "utf8"), options);
	} catch {
		// A key too small for its digest.
		return undefined;
	}
}

const encoded = (text: string): string => bytesOf(text).toString("base64url");

/** `io.jwt.encode_sign_raw`: header, payload and key as JSON texts, signed with the set's first key. */
export function signRaw(header: string, payload: string, keys: string): Term | undefined {
	const key = readJwks(keys)?.[0];
	const fields = parseGoJson(header);
	if (key === undefined || !isObject(fields)) return undefined;
	const alg = member(fields, "alg");
	const algorithm = typeof alg === "string" && TOKEN_ALGORITHMS.has(alg) ? algorithmOf(alg) : undefined;
	if (algorithm === undefined) return undefined;
	const type = member(fields, "typ");
	if ((typeof type !== "string" || type === "JWT") && parseGoJson(payload) === undefined) return undefined;
	const text = `${encoded(header)}.${encoded(payload)}`;
	const signature = signatureOf(algorithm, key, text);
	return signature === undefined ? undefined : `${text}.${signature.toString("base64url")}`;
}

/** `io.jwt.encode_sign`: the same over values. */
export function signTerms(header: Term, payload: Term, keys: Term): Term | undefined {
	const [headerText, payloadText, keyText] = [header, payload, keys].map(goJson);
	if (headerText === undefined || payloadText === undefined || keyText === undefined) return undefined;
	return signRaw(headerText, payloadText, keyText);
}
