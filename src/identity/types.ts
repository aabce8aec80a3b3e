import type { JsonObject } from "../lib/json-value.ts";

/** The `identity` key of the input document. */
export interface Identity {
	readonly authenticated: boolean;
	readonly method: "jwt" | "mtls" | "none";
	readonly id?: string;
	readonly issuer?: string;
	readonly subject?: string;
	readonly audiences?: readonly string[];
	readonly scopes?: readonly string[];
	readonly roles?: readonly string[];
	readonly groups?: readonly string[];
	readonly claims?: JsonObject;
	readonly spiffe_id?: string;
	/** Seconds since 1970. */
	readonly expires_at?: number;
}

export interface Credentials {
	/** Every `authorization` header value of the request, in order. */
	readonly authorization: readonly string[];
	/** `attributes.source.principal`, as Envoy gave it; empty when there is none. */
	readonly principal: string;
}

export type IdentityFailure =
	| "token_invalid"
	| "token_expired"
	| "credentials_ambiguous"
	| "keys_unavailable";

export type IdentityOutcome =
	| { readonly ok: true; readonly identity: Identity }
	| { readonly ok: false; readonly reason: IdentityFailure; readonly status: 401 | 503 };

/** Never throws. May answer at once (cached, or no credential). */
export type Identify = (credentials: Credentials) => IdentityOutcome | Promise<IdentityOutcome>;
