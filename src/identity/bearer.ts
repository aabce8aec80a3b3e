/** What the `authorization` values of a request hold for us. */
export type Bearer =
	| { readonly kind: "none" }
	| { readonly kind: "token"; readonly token: string }
	| { readonly kind: "invalid" }
	| { readonly kind: "ambiguous" };

const NONE: Bearer = { kind: "none" };
const INVALID: Bearer = { kind: "invalid" };
const AMBIGUOUS: Bearer = { kind: "ambiguous" };

/** The scheme, unless a longer word begins with it: `BearerX` is another scheme (RFC 9110, 11.1: a token). */
const SCHEME = /^bearer(?![!#$%&'*+.^_`|~0-9a-z-])/i;
/** RFC 6750, 2.1 with a JWS in compact form: three parts of base64url, none of them empty. */
const CREDENTIAL = /^bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;
/** Proxies join repeated headers by commas: a second credential hides behind the first. */
const JOINED_BEARER = /,[ \t]*bearer(?![!#$%&'*+.^_`|~0-9a-z-])/i;

/**
 * Finds the one bearer token. Whatever looks like a bearer credential and is none is `invalid`, never `none`: a
 * presented credential that does not hold must not fall through to the next method. Other schemes are not ours.
 */
export function readBearer(authorization: readonly string[], maxTokenBytes: number): Bearer {
	if (authorization.length > 1) return AMBIGUOUS;
	const value = authorization[0]?.replace(/^[ \t]+|[ \t]+$/g, "") ?? "";
	if (!SCHEME.test(value)) return JOINED_BEARER.test(value) ? AMBIGUOUS : NONE;
	// Before the expression runs over it, and before it is hashed.
	if (value.length > maxTokenBytes + "bearer ".length) return INVALID;
	const token = CREDENTIAL.exec(value)?.[1];
	return token === undefined ? INVALID : { kind: "token", token };
}
