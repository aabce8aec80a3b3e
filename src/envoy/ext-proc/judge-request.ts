import { readContentEncoding } from "../../codec/content-coding.ts";
import { maskTokens } from "../../fields/mask-token.ts";
import { formatUnder, isGrpc } from "../../fields/media.ts";
import type { Directive } from "../../fields/types.ts";
import { isWritable } from "../../fields/write-guard.ts";
import { BODY_BUFFERED, BODY_NONE, BODY_STREAMED, type BodyModes } from "./body-modes.ts";
import {
	announcedLength,
	type Judgement,
	openHandoff,
	planOf,
	type Rules,
	type Verdict,
} from "./exchange.ts";
import { messagesOf } from "./grpc-messages.ts";
import { valuesOf } from "./header-field.ts";
import type { ProcessingRequest } from "./messages.ts";
import type { ReplaceReason } from "./refusals.ts";
import { signsBody } from "./request-headers.ts";

export interface JudgedRequest {
	readonly verdict: Verdict;
	/** What Envoy is to send of the bodies. */
	readonly modes: BodyModes;
}

/**
 * Decides at the request headers what becomes of a request's body, and how its answer is to be sent. `base`: how Envoy
 * is set up to send both. What nobody decided, or was denied, goes no further: the upstream's answer to it would be
 * blocked, and its deed done.
 */
export function judgeRequest(message: ProcessingRequest, rules: Rules, base: BodyModes): JudgedRequest {
	const modes = { ...base, request: BODY_NONE };
	const opened = openHandoff(message, "request", 0);
	if (opened.kind === "absent") {
		const { exchange } = opened;
		return rules.withoutDecision === "pass"
			? { verdict: { kind: "pass", why: "without_decision" }, modes }
			: { verdict: { kind: "replace", reason: "no_decision", exchange }, modes };
	}
	if (opened.kind === "replace") return { verdict: opened, modes };
	const { exchange } = opened;
	const { handoff } = exchange;
	const stale: JudgedRequest = { verdict: { kind: "replace", reason: "handoff_stale", exchange }, modes };
	// An answer that could not be judged need not be made.
	const answer = handoff.response === undefined ? undefined : planOf(handoff.response, handoff, rules);
	if (handoff.response !== undefined && answer === undefined) return stale;
	const response = answerMode(answer?.directive, base.response);
	if (handoff.request === undefined)
		return { verdict: { kind: "pass", why: "whole" }, modes: { request: BODY_NONE, response } };
	const plan = planOf(handoff.request, handoff, rules);
	if (plan === undefined) return stale;
	const write = { isMaskToken: maskTokens(answer?.directive), signed: signsBody(message.headers) };
	const verdict = judgeUnderDirective(message, { ...exchange, plan, write }, rules, base.request);
	const request = verdict.kind === "judge" ? BODY_BUFFERED : BODY_NONE;
	return { verdict, modes: { request, response } };
}

/**
 * An answer that nothing masks is not shown here at all. One that may not flow is held back from its first byte on:
 * told to hold it back when some of it is there already, Envoy waits for ever for an answer that does not fit.
 */
function answerMode(directive: Directive | undefined, base: number): number {
	if (directive === undefined) return BODY_NONE;
	return base === BODY_STREAMED && !directive.stream ? BODY_BUFFERED : base;
}

function judgeUnderDirective(
	message: ProcessingRequest,
	judgement: Judgement,
	rules: Rules,
	mode: number,
): Verdict {
	const { headers } = message;
	const refuse = (reason: ReplaceReason): Verdict => ({
		kind: "replace",
		reason,
		exchange: judgement,
	});
	const tunnelled =
		valuesOf(headers, ":method").includes("CONNECT") ||
		valuesOf(headers, ":protocol").length > 0 ||
		valuesOf(headers, "upgrade").length > 0;
	if (tunnelled) return refuse("unmaskable_protocol");
	if (message.endOfStream) return { kind: "bodiless", judgement };
	// Envoy would send the body on and never show it here.
	if (mode !== BODY_BUFFERED) return refuse("request_unjudged");
	if (valuesOf(headers, "content-range").length > 0) return refuse("body_unsupported");
	const coding = readContentEncoding(valuesOf(headers, "content-encoding"));
	if (coding.kind === "unsupported") return refuse("body_unsupported");
	const types = valuesOf(headers, "content-type");
	const length = announcedLength(headers);
	// Envoy, which has begun to hold it back while it waits for this answer, would wait for ever.
	if (length !== undefined && length > Math.min(rules.bufferLimit, rules.maxBodyBytes))
		return refuse("body_too_large");
	const known: Judgement = {
		...judgement,
		...(length === undefined ? {} : { length }),
		...(coding.kind === "coded" ? { coding: coding.coding } : {}),
	};
	if (types.length === 0) return { kind: "judge", judgement: known, flows: false };
	const format = types.length === 1 ? formatUnder(judgement.plan.directive, types[0]) : undefined;
	if (format === undefined || !isWritable(format)) return refuse("body_unsupported");
	const grpc = isGrpc(format) ? messagesOf("request", headers, judgement.handoff, rules) : undefined;
	if (typeof grpc === "string") return refuse(grpc);
	const readable: Judgement = { ...known, format, ...(grpc === undefined ? {} : { grpc }) };
	return { kind: "judge", judgement: readable, flows: false };
}
