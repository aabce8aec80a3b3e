import type { Directive } from "../fields/types.ts";
import type { JsonObject } from "../lib/json-value.ts";
import type { Reason } from "./reasons.ts";

export interface HeaderEntry {
	/** A valid token; lower case, unless the compatibility profile keeps what the policy wrote. */
	readonly name: string;
	/** No CR, LF, NUL. */
	readonly value: string;
}

/** What of a decision goes into the audit record and nowhere else. */
export interface DecisionNotes {
	/** The policy's own short code, `[a-z0-9_.-]{1,64}`. */
	readonly reason?: string;
	readonly rules: readonly string[];
	readonly obligations?: JsonObject;
}

export interface Allow {
	readonly kind: "allow";
	/** The policy said `true`, not an object. */
	readonly plain?: true;
	/** Request headers to set towards the upstream, one entry per name (overwrite). */
	readonly headers: readonly HeaderEntry[];
	/** Response headers to add; repeats only for `set-cookie` (append), all else overwrites. */
	readonly responseHeaders: readonly HeaderEntry[];
	readonly removeHeaders: readonly string[];
	/** URL-encoded already. */
	readonly setQuery: readonly { readonly key: string; readonly value: string }[];
	readonly removeQuery: readonly string[];
	readonly metadata?: JsonObject;
	/** What the caller may see of the answer's body. */
	readonly response?: Directive;
	/** What of the request's body the upstream gets; closed: it has a `release`. */
	readonly request?: Directive;
	readonly notes: DecisionNotes;
}

export interface Deny {
	readonly kind: "deny";
	/** The policy said `false`, not an object. */
	readonly plain?: true;
	/** Our code for the audit record and the metrics; never sent to the client. */
	readonly reason: Reason;
	/** HTTP status, 300–599 but 304. */
	readonly status: number;
	readonly headers: readonly HeaderEntry[];
	readonly body: string;
	readonly metadata?: JsonObject;
	readonly notes: DecisionNotes;
	/** For the operator's log; never sent to the client. */
	readonly detail?: string;
}

export type Decision = Allow | Deny;
