import type { Coding } from "../../codec/content-coding.ts";
import { readContentEncoding } from "../../codec/content-coding.ts";
import type { Handoff } from "../../decision/handoff-types.ts";
import { formatUnder, isGrpc } from "../../fields/media.ts";
import type { GrpcMessages } from "../../fields/scan/grpc-messages.ts";
import type { BodyFormat, GrpcFraming } from "../../fields/types.ts";
import type { ProcessDeps } from "./deps.ts";
import { answerMessages, framingOf } from "./grpc-answer.ts";
import { type HandoffReading, readHandoffKeys } from "./handoff-reading.ts";
import { type HeaderField, valuesOf } from "./header-field.ts";
import { isLocalReply } from "./local-replies.ts";
import type { ProcessingRequest } from "./messages.ts";
import type { FieldPlan } from "./plan-cache.ts";
import type { ReplaceReason } from "./refusals.ts";

/** What is known of an answer once its headers are there. */
export interface Exchange {
	readonly decisionId?: string;
	readonly handoff?: Handoff;
	readonly upstreamStatus: number;
	/** The answer is one of gRPC, and so is what takes its place. */
	readonly framing?: GrpcFraming;
}

/** How the body of an answer under a directive is to be judged. */
export interface Judgement extends Exchange {
	readonly handoff: Handoff;
	readonly plan: FieldPlan;
	/** Absent: the answer names no type, so only an empty body passes. */
	readonly format?: BodyFormat;
	/** What the messages of a gRPC body are. */
	readonly grpc?: GrpcMessages;
	readonly coding?: Coding;
	/** The upstream announced a length, so the client gets the new one. */
	readonly announcedLength: boolean;
}

export type Verdict =
	/** Nothing to mask: the answer passes as it is. */
	| { readonly kind: "pass"; readonly why: "local_reply" | "whole" | "without_decision" }
	| { readonly kind: "replace"; readonly reason: ReplaceReason; readonly exchange: Exchange }
	/** No body follows; the headers are judged all the same. */
	| { readonly kind: "bodiless"; readonly judgement: Judgement }
	| { readonly kind: "judge"; readonly judgement: Judgement };

type Rules = Pick<
	ProcessDeps,
	"plans" | "hash" | "withoutDecision" | "errors" | "descriptors" | "messageLimits"
>;

/** Decides at the response headers what becomes of an answer. */
export function judgeAnswer(message: ProcessingRequest, rules: Rules): Verdict {
	if (isLocalReply(attribute(message, "response.code_details"))) return { kind: "pass", why: "local_reply" };
	const framing = framingOf(message.headers);
	const answer = { upstreamStatus: statusOf(message.headers), ...(framing === undefined ? {} : { framing }) };
	const reading = readHandoffKeys(message.metadata);
	if (reading.kind === "absent")
		return rules.withoutDecision === "pass"
			? { kind: "pass", why: "without_decision" }
			: replace("no_decision", answer);
	if (reading.kind === "unknown") return replace("handoff_stale", { ...idOf(reading), ...answer });
	const { handoff } = reading;
	// Who called a method of gRPC expects its answer so, also where the upstream's is none.
	const expected =
		framing === undefined && handoff.method !== undefined ? ({ framing: "grpc" } as const) : {};
	const exchange: Exchange = { ...idOf(reading), handoff, ...answer, ...expected };
	if (handoff.verdict === "deny") return replace("denied_upstream_answer", exchange);
	if (reading.fields === "all") {
		// A hand-off that says both that nothing is to be masked and what is to be masked says nothing.
		return handoff.response === undefined
			? { kind: "pass", why: "whole" }
			: replace("handoff_stale", exchange);
	}
	if (handoff.response === undefined) return replace("handoff_stale", exchange);
	const plan = rules.plans.planFor(handoff.response);
	if (plan === undefined) return replace("handoff_stale", exchange);
	if (plan.hashes && !sameKey(handoff, rules)) return replace("handoff_stale", exchange);
	return judgeUnderDirective(message, { ...exchange, handoff, plan, announcedLength: false }, rules);
}

function judgeUnderDirective(message: ProcessingRequest, judgement: Judgement, rules: Rules): Verdict {
	const { headers } = message;
	const { upstreamStatus: status, plan } = judgement;
	const tunnelled =
		attribute(message, "request.method") === "CONNECT" || valuesOf(headers, "upgrade").length > 0;
	if (tunnelled || status < 200) return replace("unmaskable_protocol", judgement);
	if (message.endOfStream) return { kind: "bodiless", judgement };

	// A part of a JSON text is none (RFC 9110, 15.3.7): what it holds cannot be known.
	const partial = status === 206 || valuesOf(headers, "content-range").length > 0;
	if (partial) return replace("body_unsupported", judgement);
	if (status >= 400 && (rules.errors === "replace" || plan.directive.release === undefined))
		return replace("error_status", judgement);

	const coding = readContentEncoding(valuesOf(headers, "content-encoding"));
	if (coding.kind === "unsupported") return replace("body_unsupported", judgement);
	const types = valuesOf(headers, "content-type");
	const announcedLength = valuesOf(headers, "content-length").length > 0;
	const known: Judgement = {
		...judgement,
		announcedLength,
		...(coding.kind === "coded" ? { coding: coding.coding } : {}),
	};
	if (types.length === 0) return { kind: "judge", judgement: known };
	const format = types.length === 1 ? formatUnder(plan.directive, types[0]) : undefined;
	// Event streams do not end, and buffering waits for the end.
	if (format === undefined || format === "sse") return replace("body_unsupported", judgement);
	if (!isGrpc(format)) return { kind: "judge", judgement: { ...known, format } };
	const grpc = answerMessages(headers, judgement.handoff, rules);
	return typeof grpc === "string"
		? replace(grpc, judgement)
		: { kind: "judge", judgement: { ...known, format, grpc } };
}

/** Another key would make other pseudonyms of the same values; nobody has none, so for nobody any key does. */
function sameKey(handoff: Handoff, rules: Rules): boolean {
	if (rules.hash === undefined) return false;
	return handoff.consumer === "" || handoff.digests.hash_key === rules.hash.id;
}

function replace(reason: ReplaceReason, exchange: Exchange): Verdict {
	return { kind: "replace", reason, exchange };
}

function idOf(reading: HandoffReading): { readonly decisionId?: string } {
	return "decisionId" in reading && reading.decisionId !== undefined
		? { decisionId: reading.decisionId }
		: {};
}

/** The one `:status`; 0 when there is none or it is no status. */
function statusOf(headers: readonly HeaderField[]): number {
	const values = valuesOf(headers, ":status");
	return values.length === 1 && /^[1-9]\d\d$/.test(values[0] ?? "") ? Number(values[0]) : 0;
}

function attribute(message: ProcessingRequest, name: string): string | undefined {
	const value = message.attributes?.[name];
	return typeof value === "string" ? value : undefined;
}
