import { readContentEncoding } from "../../codec/content-coding.ts";
import { maskTokens } from "../../fields/mask-token.ts";
import { formatUnder } from "../../fields/media.ts";
import { isWritable } from "../../fields/write-guard.ts";
import { BODY_BUFFERED } from "./body-modes.ts";
import {
	announcedLength,
	type Judgement,
	openHandoff,
	planOf,
	type Rules,
	type Verdict,
} from "./exchange.ts";
import { valuesOf } from "./header-field.ts";
import type { ProcessingRequest } from "./messages.ts";
import { signsBody } from "./request-headers.ts";

/**
 * Decides at the request headers what becomes of a request's body. `mode`: how Envoy is set up to send it. What nobody
 * decided, or was denied, goes no further: the upstream's answer to it would be blocked, and its deed done.
 */
export function judgeRequest(message: ProcessingRequest, rules: Rules, mode: number): Verdict {
	const opened = openHandoff(message, "request", 0);
	if (opened.kind === "absent")
		return rules.withoutDecision === "pass"
			? { kind: "pass", why: "without_decision" }
			: { kind: "replace", reason: "no_decision", exchange: { direction: "request", upstreamStatus: 0 } };
	if (opened.kind === "replace") return opened;
	const { exchange } = opened;
	const { handoff } = exchange;
	if (handoff.request === undefined) return { kind: "pass", why: "whole" };
	const plan = planOf(handoff.request, handoff, rules);
	if (plan === undefined) return { kind: "replace", reason: "handoff_stale", exchange };
	const answer = handoff.response === undefined ? undefined : rules.plans.planFor(handoff.response);
	const write = { isMaskToken: maskTokens(answer?.directive), signed: signsBody(message.headers) };
	return judgeUnderDirective(message, { ...exchange, plan, write }, mode);
}

function judgeUnderDirective(message: ProcessingRequest, judgement: Judgement, mode: number): Verdict {
	const { headers } = message;
	const refuse = (reason: "unmaskable_protocol" | "body_unsupported" | "request_unjudged"): Verdict => ({
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
	const known: Judgement = {
		...judgement,
		...(length === undefined ? {} : { length }),
		...(coding.kind === "coded" ? { coding: coding.coding } : {}),
	};
	if (types.length === 0) return { kind: "judge", judgement: known, flows: false };
	const format = types.length === 1 ? formatUnder(judgement.plan.directive, types[0]) : undefined;
	if (format === undefined || !isWritable(format)) return refuse("body_unsupported");
	return { kind: "judge", judgement: { ...known, format }, flows: false };
}
