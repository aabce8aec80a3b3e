import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { JwtConfig } from "../config/types.ts";
import { hasControls } from "./controls.ts";
import type { KeySet } from "./key-set.ts";

export type TokenVerdict =
	| { readonly kind: "valid"; readonly payload: JWTPayload & { readonly exp: number; readonly sub: string } }
	/** `code` is jose's or ours, for the log and for tests. Never shown to a client. */
	| { readonly kind: "invalid"; readonly code: string }
	| { readonly kind: "expired" }
	/** `nbf` lies ahead: the one refusal that time undoes. */
	| { readonly kind: "early" }
	/** No key of the set fits; a newer set may have one. */
	| { readonly kind: "unknown_key" };

/** RFC 7515, 4.1.9 and RFC 9068, 2.1; whatever else a JWT may be (logout, security event) is no access token. */
const TYPES: ReadonlySet<string> = new Set(["jwt", "at+jwt"]);
/** A set of keys without ids: each costs a verification. */
const MAX_CANDIDATES = 8;
const MAX_SUBJECT = 1024;

/** Verifies one token against one key set at `nowMs` (wall clock). Never rejects. */
export async function verifyToken(
	token: string,
	keys: KeySet,
	config: JwtConfig,
	nowMs: number,
): Promise<TokenVerdict> {
	const header = readHeader(token);
	if (typeof header === "string") return { kind: "invalid", code: header };
	try {
		const payload = await verified(token, keys.find, config, nowMs, header.hasKeyId);
		return judge(payload);
	} catch (thrown) {
		return failure(thrown);
	}
}

async function verified(
	token: string,
	find: JWTVerifyGetKey,
	config: JwtConfig,
	nowMs: number,
	hasKeyId: boolean,
): Promise<JWTPayload> {
	const options = {
		issuer: config.issuer,
		audience: [...config.audiences],
		algorithms: [...config.algorithms],
		requiredClaims: ["exp", "sub"],
		clockTolerance: config.clock_skew_seconds,
		currentDate: new Date(nowMs),
	};
	try {
		return (await jwtVerify(token, find, options)).payload;
	} catch (thrown) {
		if (!isJose(thrown, errors.JWKSMultipleMatchingKeys.code)) throw thrown;
		// Two keys under one id: which of them the issuer meant cannot be known.
		if (hasKeyId) throw new Refused("duplicate_key_id");
		let candidates = 0;
		for await (const key of thrown as InstanceType<typeof errors.JWKSMultipleMatchingKeys>) {
			if (++candidates > MAX_CANDIDATES) break;
			try {
				return (await jwtVerify(token, key, options)).payload;
			} catch (inner) {
				if (!isJose(inner, errors.JWSSignatureVerificationFailed.code)) throw inner;
			}
		}
		throw new Refused(errors.JWSSignatureVerificationFailed.code);
	}
}

/** What jose leaves to us, looked at before anything is verified. Answers a code, or what the header says. */
function readHeader(token: string): string | { readonly hasKeyId: boolean } {
	const encoded = token.slice(0, token.indexOf("."));
	let header: unknown;
	try {
		header = JSON.parse(Buffer.from(encoded, "base64url").toString("utf8"));
	} catch {
		return "header_malformed";
	}
	if (typeof header !== "object" || header === null || Array.isArray(header)) return "header_malformed";
	const fields = header as Readonly<Record<string, unknown>>;
	// No extension is understood here, and `b64` (RFC 7797) changes what was signed (RFC 7515, 4.1.11).
	if (Object.hasOwn(fields, "crit") || Object.hasOwn(fields, "b64")) return "header_critical";
	const typ = fields["typ"];
	if (
		typ !== undefined &&
		!(typeof typ === "string" && TYPES.has(typ.toLowerCase().replace(/^application\//, "")))
	) {
		return "header_typ";
	}
	const kid = fields["kid"];
	if (kid !== undefined && (typeof kid !== "string" || kid === "")) return "header_kid";
	return { hasKeyId: kid !== undefined };
}

function judge(payload: JWTPayload): TokenVerdict {
	const { exp, sub } = payload;
	if (typeof exp !== "number" || !Number.isFinite(exp)) return { kind: "invalid", code: "claim_exp" };
	// The subject becomes a header, a part of a MAC and a text of the record.
	if (typeof sub !== "string" || sub === "" || sub.length > MAX_SUBJECT || hasControls(sub)) {
		return { kind: "invalid", code: "claim_sub" };
	}
	return { kind: "valid", payload: { ...payload, exp, sub } };
}

function failure(thrown: unknown): TokenVerdict {
	if (thrown instanceof Refused) return { kind: "invalid", code: thrown.message };
	if (isJose(thrown, errors.JWTExpired.code)) return { kind: "expired" };
	if (isJose(thrown, errors.JWKSNoMatchingKey.code)) return { kind: "unknown_key" };
	const code =
		typeof thrown === "object" && thrown !== null && "code" in thrown ? String(thrown.code) : "unreadable";
	return { kind: "invalid", code };
}

function isJose(thrown: unknown, code: string): boolean {
	return typeof thrown === "object" && thrown !== null && "code" in thrown && thrown.code === code;
}

class Refused extends Error {}
