import type { GrpcFraming, Refusal } from "../../fields/types.ts";
import type { WriteFault } from "../../fields/write-guard.ts";
import { grpcStatusFor } from "./grpc-status.ts";

/** Why an answer was replaced, cut short, or a request refused; for the release record and the metrics, never the client. */
export type ReplaceReason =
	/** ext_authz did not run, or failed open. */
	| "no_decision"
	/** A hand-off that this replica does not understand or cannot carry out. */
	| "handoff_stale"
	/** An upstream answered although the decision was a denial. */
	| "denied_upstream_answer"
	/** A request came this far although the decision was a denial. */
	| "denied_request"
	/** The decision holds a directive for the request, and Envoy did not show its body here. */
	| "request_unjudged"
	/** A signature or digest covers the body, and the directive would change it. */
	| "body_signed"
	/** A tunnel: upgrades, CONNECT. */
	| "unmaskable_protocol"
	/** An error status under a directive that error bodies are not judged by. */
	| "error_status"
	/** Too many bodies are being decoded at this moment. */
	| "overload"
	/** What cannot be recorded does not happen. */
	| "audit_unavailable"
	/** Trailers came where the last value of a body that flows could not be told complete. */
	| "body_unended"
	/** Envoy ended the exchange in the middle of a body that flows: the client left, or the upstream. */
	| "abandoned"
	| WriteFault
	| Refusal;

/**
 * How an answer of ours is one of gRPC. `unseen`: the method called is one of gRPC and the message at hand is not, or the
 * other way round.
 */
export type AnswerFraming = GrpcFraming | "unseen";

/** An answer that takes the place of an upstream's, with no header of it. */
export interface Replacement {
	readonly status: number;
	readonly reason: ReplaceReason;
	/** Seconds after which trying again makes sense. */
	readonly retryAfter?: number;
	/** The caller expects an answer of gRPC, with this status (`google.rpc.Code`). */
	readonly grpc?: { readonly framing: AnswerFraming; readonly status: number };
}

/** What of an exchange matters for the answer that takes its place. */
interface Replaced {
	readonly direction: "request" | "response";
	readonly upstreamStatus: number;
	readonly framing?: AnswerFraming;
}

/**
 * The answer for `reason`. The status of an upstream's error (`upstreamStatus` ≥ 400) stays when only its body
 * could not be shown: the client learns that there is an error and which, and nothing of what it said.
 */
export function replacementFor(reason: ReplaceReason, exchange: Replaced): Replacement {
	const { framing, direction } = exchange;
	const replacement = statusFor(reason, exchange);
	if (framing === undefined) return replacement;
	return { ...replacement, grpc: { framing, status: grpcStatusFor(direction, replacement) } };
}

function statusFor(reason: ReplaceReason, { direction, upstreamStatus }: Replaced): Replacement {
	const status = direction === "request" ? REQUEST_STATUS.get(reason) : undefined;
	if (status !== undefined) return { status, reason };
	if (KEEPS_ERROR_STATUS.has(reason) && upstreamStatus >= 400 && upstreamStatus <= 599)
		return { status: upstreamStatus, reason };
	if (reason === "overload" || reason === "audit_unavailable") return { status: 503, reason, retryAfter: 1 };
	// Replicas of different versions meet during a rollout: the next try may reach one that understands.
	if (reason === "handoff_stale") return { status: 502, reason, retryAfter: 1 };
	return { status: 502, reason };
}

/** What a request's sender did, and may do otherwise. */
const REQUEST_STATUS: ReadonlyMap<ReplaceReason, number> = new Map([
	["body_malformed", 400],
	["body_too_deep", 400],
	["body_too_large", 413],
	["body_unsupported", 415],
	["names_ambiguous", 422],
	["mask_token", 422],
	["body_signed", 422],
	["unmaskable_protocol", 403],
]);

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
	413: "Content Too Large",
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
