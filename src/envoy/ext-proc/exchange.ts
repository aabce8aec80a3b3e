import type { Coding } from "../../codec/content-coding.ts";
import type { Handoff } from "../../decision/handoff-types.ts";
import type { IsMaskToken } from "../../fields/mask-token.ts";
import type { GrpcMessages } from "../../fields/scan/grpc-messages.ts";
import type { BodyFormat } from "../../fields/types.ts";
import type { JsonValue } from "../../lib/json-value.ts";
import type { ProcessDeps } from "./deps.ts";
import { framingOf } from "./grpc-messages.ts";
import { type HandoffReading, readHandoffKeys } from "./handoff-reading.ts";
import { type HeaderField, valuesOf } from "./header-field.ts";
import type { ProcessingRequest } from "./messages.ts";
import type { FieldPlan } from "./plan-cache.ts";
import type { AnswerFraming, ReplaceReason } from "./refusals.ts";

export type Direction = "request" | "response";

/** What is known of one direction of an exchange once its headers are there. */
export interface Exchange {
	readonly direction: Direction;
	readonly decisionId?: string;
	readonly handoff?: Handoff;
	/** Of an answer; 0 where there is none, and for a request. */
	readonly upstreamStatus: number;
	/** The exchange is one of gRPC, and so is an answer of ours. */
	readonly framing?: AnswerFraming;
}

/** How a body under a directive is to be judged. */
export interface Judgement extends Exchange {
	readonly handoff: Handoff;
	readonly plan: FieldPlan;
	/** Absent: the message names no type, so only an empty body passes. */
	readonly format?: BodyFormat;
	/** What the messages of a gRPC body are. */
	readonly grpc?: GrpcMessages;
	readonly coding?: Coding;
	/** The sender announced this length, so the receiver gets the new one. */
	readonly length?: number;
	/** What a body that is to be written must be besides readable; for requests. */
	readonly write?: WriteRules;
}

export interface WriteRules {
	readonly isMaskToken: IsMaskToken;
	/** A signature or digest of the sender's covers the body: it must not change. */
	readonly signed: boolean;
}

export type Verdict =
	/** Nothing to mask: the message passes as it is. */
	| { readonly kind: "pass"; readonly why: "local_reply" | "whole" | "without_decision" }
	| { readonly kind: "replace"; readonly reason: ReplaceReason; readonly exchange: Exchange }
	/** No body follows; the headers are judged all the same. */
	| { readonly kind: "bodiless"; readonly judgement: Judgement }
	/** `flows`: piece by piece, for it is too large to be held back, or does not end. */
	| { readonly kind: "judge"; readonly judgement: Judgement; readonly flows: boolean };

export type Rules = Pick<
	ProcessDeps,
	| "plans"
	| "hash"
	| "withoutDecision"
	| "errors"
	| "bufferLimit"
	| "maxBodyBytes"
	| "descriptors"
	| "messageLimits"
>;

const unseen: AnswerFraming = "unseen";

type Opened =
	| { readonly kind: "absent"; readonly exchange: Exchange }
	| { readonly kind: "replace"; readonly reason: ReplaceReason; readonly exchange: Exchange }
	| { readonly kind: "open"; readonly exchange: Exchange & { readonly handoff: Handoff } };

/** Reads the decision that came with the headers, and what of it forbids the exchange by itself. */
export function openHandoff(
	message: ProcessingRequest,
	direction: Direction,
	upstreamStatus: number,
): Opened {
	const reading = readHandoffKeys(message.metadata);
	const shown = framingOf(message.headers);
	// Who answers with gRPC need not have been asked for it, and 200 would be no error to who did not ask for it.
	const framing: AnswerFraming | undefined = shown === "grpc" && direction === "response" ? unseen : shown;
	const seen = { direction, upstreamStatus, ...(framing === undefined ? {} : { framing }) };
	if (reading.kind === "absent") return { kind: "absent", exchange: seen };
	const known = { ...seen, ...idOf(reading) };
	if (reading.kind === "unknown") return { kind: "replace", reason: "handoff_stale", exchange: known };
	const { handoff, fields } = reading;
	// Who called a method of gRPC expects its answer so, also where the upstream's is none.
	const expected = handoff.method === undefined ? {} : { framing: shown ?? unseen };
	const exchange = { ...known, handoff, ...expected };
	if (handoff.verdict === "deny") {
		const reason = direction === "request" ? "denied_request" : "denied_upstream_answer";
		return { kind: "replace", reason, exchange };
	}
	// A hand-off that says both that nothing is to be masked and what is to be masked says nothing.
	const bare = handoff.response === undefined && handoff.request === undefined;
	return (fields === "all") === bare
		? { kind: "open", exchange }
		: { kind: "replace", reason: "handoff_stale", exchange };
}

/** The plan of a directive; undefined when this replica cannot carry it out. */
export function planOf(directive: JsonValue, handoff: Handoff, rules: Rules): FieldPlan | undefined {
	const plan = rules.plans.planFor(directive);
	return plan?.hashes && !sameKey(handoff, rules) ? undefined : plan;
}

/** Another key would make other pseudonyms of the same values; nobody has none, so for nobody any key does. */
function sameKey(handoff: Handoff, rules: Rules): boolean {
	if (rules.hash === undefined) return false;
	return handoff.consumer === "" || handoff.digests.hash_key === rules.hash.id;
}

function idOf(reading: HandoffReading): { readonly decisionId?: string } {
	return "decisionId" in reading && reading.decisionId !== undefined
		? { decisionId: reading.decisionId }
		: {};
}

/** What the one `content-length` says, bytes. */
export function announcedLength(headers: readonly HeaderField[]): number | undefined {
	const values = valuesOf(headers, "content-length");
	const [value = ""] = values;
	return values.length === 1 && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
