import { bytesOf } from "../../term/byte-string.ts";
import { arrayTerm, isObject, type ObjectTerm, objectTerm, type Term } from "../../term/term.ts";
import { decodeBase64Url } from "../base64url.ts";
import { type Builtin, ofString, ofStrings } from "../builtin.ts";
import { type Constraints, claimsFit, readConstraints } from "./constraints.ts";
import type { TokenKey } from "./jwk.ts";
import { verificationKeys } from "./keys.ts";
import { signRaw, signTerms } from "./sign.ts";
import { algorithmOf, hmacMatches, plainCheck, type SignatureCheck, strictCheck } from "./signature.ts";
import {
	decodeHeader,
	decodeText,
	type HeaderFields,
	headerFields,
	member,
	readObject,
	splitToken,
	type Token,
} from "./token.ts";

/** A token may hold a token (`cty: JWT`); nobody nests more than a few. */
const MAX_NESTED = 8;

const signedText = ({ header, payload }: Token): Buffer => bytesOf(`${header}.${payload}`);

function decode(text: string, nested: number): Term | undefined {
	const token = splitToken(text);
	if (token === undefined || nested > MAX_NESTED) return undefined;
	const header = decodeHeader(token);
	const body = decodeText(token.payload);
	if (header === undefined || body === undefined) return undefined;
	const contentType = member(header, "cty");
	if (contentType !== undefined && typeof contentType !== "string") return undefined;
	if (contentType === "JWT") return decode(body.replace(/^["']+/, "").replace(/["']+$/, ""), nested + 1);
	const payload = readObject(body);
	const signature = decodeBase64Url(token.signature);
	if (payload === undefined || signature === undefined) return undefined;
	return arrayTerm([header, payload, signature.toString("hex")]);
}

/** The key that the token names, if there is it; else any that is meant for the token's algorithm, or for none. */
function anyMatches(
	keys: readonly TokenKey[],
	{ kid, alg }: HeaderFields,
	check: SignatureCheck,
	token: Token,
	signature: Buffer,
): boolean {
	const named = kid === "" ? undefined : keys.find((key) => key.kid === kid);
	const tried = named ? [named] : keys.filter((key) => key.alg === "" || key.alg === alg);
	return tried.some((key) => check(key, signedText(token), signature));
}

function verifyWith(algorithmName: string): Builtin {
	const algorithm = algorithmOf(algorithmName);
	if (algorithm === undefined) throw new RangeError(algorithmName);
	const check = plainCheck(algorithm);
	return ofStrings((text, keyText) => {
		const token = splitToken(text);
		const header = token && decodeHeader(token);
		const fields = header && headerFields(header);
		const signature = token && decodeBase64Url(token.signature);
		if (token === undefined || fields === undefined || signature === undefined) return undefined;
		const keys = verificationKeys(keyText);
		return keys && anyMatches(keys, fields, check, token, signature);
	});
}

function verifyHmac(digest: string): Builtin {
	return ofStrings((text, secret) => {
		const token = splitToken(text);
		const signature = token && decodeBase64Url(token.signature);
		if (token === undefined || signature === undefined) return undefined;
		return hmacMatches(digest, bytesOf(secret), signedText(token), signature);
	});
}

/** Says whether the token is signed as the constraints ask. */
function signedAsAsked(token: Token, fields: HeaderFields, signature: Buffer, asked: Constraints): boolean {
	const algorithm = algorithmOf(fields.alg);
	if (algorithm === undefined) return false;
	const check = strictCheck(algorithm);
	if (asked.keys !== undefined) return anyMatches(asked.keys, fields, check, token, signature);
	const secret = {
		kid: "",
		alg: "",
		kind: "oct",
		isPrivate: true,
		secret: bytesOf(asked.secret ?? ""),
	} as const;
	return check(secret, signedText(token), signature);
}

type Verified = { readonly header: ObjectTerm; readonly payload: ObjectTerm };

/** Verifies a token and those inside it; `false` for one that is not as asked, `undefined` for one that is none. */
function verify(text: string, asked: Constraints, nested: number): Verified | false | undefined {
	const token = splitToken(text);
	const header = token && decodeHeader(token);
	const fields = header && headerFields(header);
	if (token === undefined || header === undefined || fields === undefined || nested > MAX_NESTED)
		return undefined;
	if (!fields.valid || (asked.alg !== "" && asked.alg !== fields.alg)) return false;
	const signature = decodeBase64Url(token.signature);
	if (signature === undefined) return undefined;
	if (!signedAsAsked(token, fields, signature, asked)) return false;
	const body = decodeText(token.payload);
	if (body === undefined) return undefined;
	if (/^jwt$/i.test(fields.cty)) return verify(body, asked, nested + 1);
	const payload = readObject(body);
	return payload && { header, payload };
}

const UNVERIFIED = arrayTerm([false, objectTerm([]), objectTerm([])]);

const decodeVerify: Builtin = ([text, constraints], { nowNs }) => {
	if (typeof text !== "string" || !isObject(constraints)) return undefined;
	const asked = readConstraints(constraints, nowNs);
	const token = asked && verify(text, asked, 0);
	if (asked === undefined || token === undefined) return undefined;
	const fit = token && claimsFit(token.payload, asked);
	if (fit === undefined) return undefined;
	return fit && token ? arrayTerm([true, token.header, token.payload]) : UNVERIFIED;
};

const ASYMMETRIC = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

export const jwtBuiltins: Readonly<Record<string, Builtin>> = {
	"io.jwt.decode": ofString((text) => decode(text, 0)),
	"io.jwt.decode_verify": decodeVerify,
	"io.jwt.verify_hs256": verifyHmac("sha256"),
	"io.jwt.verify_hs384": verifyHmac("sha384"),
	"io.jwt.verify_hs512": verifyHmac("sha512"),
	...Object.fromEntries(ASYMMETRIC.map((name) => [`io.jwt.verify_${name.toLowerCase()}`, verifyWith(name)])),
	"io.jwt.encode_sign": ([header, payload, key]) =>
		header === undefined || payload === undefined || key === undefined
			? undefined
			: signTerms(header, payload, key),
	"io.jwt.encode_sign_raw": ([header, payload, key]) =>
		typeof header === "string" && typeof payload === "string" && typeof key === "string"
			? signRaw(header, payload, key)
			: undefined,
};
