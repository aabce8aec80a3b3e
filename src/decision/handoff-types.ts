import type { JsonValue } from "../lib/json-value.ts";

/** Version of the hand-off between the two services; the value of the metadata key `postern`. */
export const HANDOFF_VERSION = "1";

/** Dynamic metadata namespace that Envoy gives ext_authz; the only trusted hand-off. */
export const HANDOFF_NAMESPACE = "envoy.filters.http.ext_authz";

/** What the `directive` text of the hand-off holds (canonical JSON, keys as in the design, section 5). */
export interface Handoff {
	readonly v: 1;
	readonly verdict: "allow" | "deny";
	/** `METHOD host path-without-query`, for the release record. At most 512 bytes. */
	readonly op: string;
	/** Length-prefixed method, issuer, id of the caller; empty for nobody. */
	readonly consumer: string;
	/** Policy revision. */
	readonly rev: string;
	readonly digests: {
		readonly hash_key?: string;
		/** Of the descriptor set that has `method`. */
		readonly descriptors?: string;
	};
	/** `package.Service/Method` that was called, where a directive is for gRPC and the descriptor set knows it. */
	readonly method?: string;
	/** Directive for the response body, as the policy gave it; absent: nothing to mask. */
	readonly response?: JsonValue;
	/** Directive for the request body; absent: it passes as it came. */
	readonly request?: JsonValue;
}
