import { readContentEncoding } from "../../codec/content-coding.ts";
import { formatUnder, isGrpc } from "../../fields/media.ts";
import { BODY_STREAMED } from "./body-modes.ts";
import {
	announcedLength,
	type Judgement,
	openHandoff,
	planOf,
	type Rules,
	type Verdict,
} from "./exchange.ts";
import { messagesOf } from "./grpc-messages.ts";
import { type HeaderField, valuesOf } from "./header-field.ts";
import { isLocalReply } from "./local-replies.ts";
import type { ProcessingRequest } from "./messages.ts";
import type { ReplaceReason } from "./refusals.ts";

/** What the stream knows when the answer's headers come. */
export interface AnswerContext {
	/** The directive (as JSON) by which the request's body was judged; undefined: none was. */
	readonly requestJudgedBy: string | undefined;
	/** How Envoy sends the answer's body, unless it is told otherwise now. */
	readonly responseMode: number;
}

/** Decides at the response headers what becomes of an answer. */
export function judgeAnswer(message: ProcessingRequest, rules: Rules, context: AnswerContext): Verdict {
	if (isLocalReply(attribute(message, "response.code_details"))) return { kind: "pass", why: "local_reply" };
	const opened = openHandoff(message, "response", statusOf(message.headers));
	if (opened.kind === "absent")
		return rules.withoutDecision === "pass"
			? { kind: "pass", why: "without_decision" }
			: { kind: "replace", reason: "no_decision", exchange: opened.exchange };
	if (opened.kind === "replace") return opened;
	const { exchange } = opened;
	const { handoff } = exchange;
	// The upstream got a body that nobody judged, or one that was judged by something else.
	if (handoff.request !== undefined && JSON.stringify(handoff.request) !== context.requestJudgedBy)
		return { kind: "replace", reason: "request_unjudged", exchange };
	if (handoff.response === undefined) return { kind: "pass", why: "whole" };
	const plan = planOf(handoff.response, handoff, rules);
	if (plan === undefined) return { kind: "replace", reason: "handoff_stale", exchange };
	return judgeUnderDirective(message, { ...exchange, plan }, rules, context);
}

function judgeUnderDirective(
	message: ProcessingRequest,
	judgement: Judgement,
	rules: Rules,
	context: AnswerContext,
): Verdict {
	const { headers } = message;
	const { upstreamStatus: status, plan } = judgement;
	const refuse = (reason: ReplaceReason): Verdict => ({
		kind: "replace",
		reason,
		exchange: judgement,
	});
	const tunnelled =
		attribute(message, "request.method") === "CONNECT" || valuesOf(headers, "upgrade").length > 0;
	if (tunnelled || status < 200) return refuse("unmaskable_protocol");
	if (message.endOfStream) return { kind: "bodiless", judgement };

	// A part of a JSON text is none (RFC 9110, 15.3.7): what it holds cannot be known.
	const partial = status === 206 || valuesOf(headers, "content-range").length > 0;
	if (partial) return refuse("body_unsupported");
	if (status >= 400 && (rules.errors === "replace" || plan.directive.release === undefined))
		return refuse("error_status");

	const coding = readContentEncoding(valuesOf(headers, "content-encoding"));
	if (coding.kind === "unsupported") return refuse("body_unsupported");
	const types = valuesOf(headers, "content-type");
	const length = announcedLength(headers);
	const known: Judgement = {
		...judgement,
		...(length === undefined ? {} : { length }),
		...(coding.kind === "coded" ? { coding: coding.coding } : {}),
	};
	if (types.length === 0) return { kind: "judge", judgement: known, flows: false };
	const format = types.length === 1 ? formatUnder(plan.directive, types[0]) : undefined;
	if (format === undefined) return refuse("body_unsupported");
	const streamed = context.responseMode === BODY_STREAMED;
	const fits = length !== undefined && length <= rules.bufferLimit;
	const flows = streamed && plan.directive.stream && !fits;
	const { messageLimits } = rules;
	// Of what flows nothing is kept, so only single messages are bounded.
	const limits = flows ? { ...messageLimits, maxInflatedBytes: Number.POSITIVE_INFINITY } : messageLimits;
	const grpc = isGrpc(format)
		? messagesOf("response", headers, judgement.handoff, { ...rules, messageLimits: limits })
		: undefined;
	if (typeof grpc === "string") return refuse(grpc);
	const readable: Judgement = { ...known, format, ...(grpc === undefined ? {} : { grpc }) };
	if (flows) return { kind: "judge", judgement: readable, flows: true };
	// What fits is held back until all of it was judged: then every failure still gives a whole error answer. Told
	// this late to hold back what does not fit, Envoy waits for ever; and event streams do not end.
	if (streamed && length !== undefined && !fits) return refuse("body_too_large");
	if (format === "sse" && !fits) return refuse("body_unsupported");
	return { kind: "judge", judgement: readable, flows: false };
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
