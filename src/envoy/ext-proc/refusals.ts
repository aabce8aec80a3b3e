import type { GrpcFraming, Refusal } from "../../fields/types.ts";

/** Why an answer was replaced; goes into the release record and the metrics, never to the client. */
export type ReplaceReason =
	/** ext_authz did not run, or failed open. */
	| "no_decision"
	/** A hand-off that this replica does not understand or cannot carry out. */
	| "handoff_stale"
	/** An upstream answered although the decision was a denial. */
	| "denied_upstream_answer"
	/** A tunnel: upgrades, CONNECT. */
	| "unmaskable_protocol"
	/** An error status under a directive that error bodies are not judged by. */
	| "error_status"
	/** Too many bodies are being decoded at this moment. */
	| "overload"
	/** What cannot be recorded does not happen. */
	| "audit_unavailable"
	| Refusal;

/** An answer that takes the place of an upstream's, with no header of it. */
export interface Replacement {
	readonly status: number;
	readonly reason: ReplaceReason;
	/** Seconds after which trying again makes sense. */
	readonly retryAfter?: number;
	/** The caller expects an answer of gRPC. */
	readonly framing?: GrpcFraming;
}

/** What of an exchange matters for the answer that takes its place. */
interface Replaced {
	readonly upstreamStatus: number;
	readonly framing?: GrpcFraming;
}

/**
 * The answer for `reason`. The status of an upstream's error (`upstreamStatus` ≥ 400) stays when only its body
 * could not be shown: the client learns that there is an error and which, and nothing of what it said.
 */
export function replacementFor(reason: ReplaceReason, { upstreamStatus, framing }: Replaced): Replacement {
	const replacement = statusFor(reason, upstreamStatus);
	return framing === undefined ? replacement : { ...replacement, framing };
}

function statusFor(reason: ReplaceReason, upstreamStatus: number): Replacement {
	if (KEEPS_ERROR_STATUS.has(reason) && upstreamStatus >= 400 && upstreamStatus <= 599)
		return { status: upstreamStatus, reason };
	if (reason === "overload" || reason === "audit_unavailable") return { status: 503, reason, retryAfter: 1 };
	// Replicas of different versions meet during a rollout: the next try may reach one that understands.
	if (reason === "handoff_stale") return { status: 502, reason, retryAfter: 1 };
	return { status: 502, reason };
}

const KEEPS_ERROR_STATUS: ReadonlySet<ReplaceReason> = new Set([
	"error_status",
	"body_malformed",
	"body_too_deep",
	"body_too_large",
	"body_unsupported",
	"body_unclassified",
]);

const TITLES: Readonly<Record<number, string>> = {
	400: "Bad Request",
	401: "Unauthorized",
	403: "Forbidden",
	404: "Not Found",
	405: "Method Not Allowed",
	409: "Conflict",
	410: "Gone",
	412: "Precondition Failed",
	415: "Unsupported Media Type",
	422: "Unprocessable Content",
	429: "Too Many Requests",
	500: "Internal Server Error",
	502: "Bad Gateway",
	503: "Service Unavailable",
	504: "Gateway Timeout",
};

/** `application/problem+json` (RFC 9457) with nothing in it but the status. */
export function problemBody(status: number): string {
	const title = TITLES[status] ?? (status < 500 ? "Client Error" : "Server Error");
	return JSON.stringify({ type: "about:blank", title, status });
}
