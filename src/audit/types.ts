import type { FieldReport } from "../fields/types.ts";
import type { JsonObject } from "../lib/json-value.ts";

/** Where a record belongs in a trace; absent where the caller named none. */
interface Traced {
	/** 32 hexadecimal digits, whether or not anybody records the trace. */
	readonly trace_id?: string;
	/** Our own span where it is recorded, the caller's otherwise; 16 such digits. */
	readonly span_id?: string;
}

/** One per Check. Holds no value of a body, no token, no secret. */
export interface DecisionRecord extends Traced {
	readonly type: "decision";
	readonly time: string;
	readonly decision_id: string;
	readonly source: { readonly address?: string; readonly principal?: string };
	readonly destination: { readonly address?: string; readonly principal?: string };
	readonly caller: {
		readonly authenticated: boolean;
		readonly method: string;
		readonly id?: string;
		readonly issuer?: string;
	};
	readonly operation: { readonly method: string; readonly host: string; readonly path: string };
	readonly verdict: "allow" | "deny";
	/** Our reason code on a denial; `allowed` otherwise. */
	readonly reason: string;
	/** The policy's own short code, if it gave one. */
	readonly policy_reason?: string;
	readonly rules: readonly string[];
	readonly policy: { readonly revision: string; readonly serial: number };
	/** HTTP status of a denial. */
	readonly status?: number;
	/** `whole`: ext_proc is left out and no release record follows; `fields`: a release record follows. */
	readonly released?: "whole" | "fields";
	/** The denial was not enforced: the call was let through by `policy.dry_run`. */
	readonly dry_run?: true;
	readonly obligations?: JsonObject;
	readonly duration_us: number;
}

/** One per body that ext_proc judged; two for a body that flows: when its first byte may leave, and at its end. */
export interface ReleaseRecord extends Traced {
	readonly type: "release";
	readonly time: string;
	/** Whose body: `request`, what the upstream got; `response`, what the client saw. */
	readonly direction: "request" | "response";
	/** Absent when nobody decided. */
	readonly decision_id?: string;
	readonly op?: string;
	readonly policy?: { readonly revision: string };
	/** Status the upstream gave. */
	readonly upstream_status?: number;
	/** Status the client got; absent for a request that went on. */
	readonly status?: number;
	/**
	 * `released`: judged under the directive and passed on; `replaced`: an error took its place, and no byte has left;
	 * `flowing`: it is judged piece by piece from here on; `cut`: it flowed and did not end, what has left was judged.
	 */
	readonly outcome: "released" | "replaced" | "flowing" | "cut";
	/** Why it was replaced or cut. */
	readonly reason?: string;
	readonly fields?: FieldReport;
	/** Response headers outside the allow-list that passed because of `fields.response_headers_mode: report`. */
	readonly headers_reported?: readonly string[];
}

export type AuditRecord = DecisionRecord | ReleaseRecord;

export interface AuditWriter {
	/**
	 * Queues one record; never blocks, never throws. Answers false when the record was not taken and what it records
	 * must not happen (`audit.overflow: deny`); a record lost under `drop` answers true and is counted.
	 */
	write(record: AuditRecord): boolean;
	/** Resolves when everything queued so far is with the sink. */
	flush(): Promise<void>;
	close(): Promise<void>;
}
