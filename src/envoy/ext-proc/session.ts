import type { Directive } from "../../fields/types.ts";
import { WireError } from "../protobuf/reader.ts";
import {
	changeHeaders,
	changeTrailers,
	passUnchanged,
	passWithoutBody,
	replaceAnswer,
	replaceBody,
} from "./answers.ts";
import type { ProcessDeps } from "./deps.ts";
import { type Exchange, type Judgement, judgeAnswer } from "./exchange.ts";
import type { HeaderField } from "./header-field.ts";
import { type JudgedBody, judgeBody, judgeCodedBody } from "./judge-body.ts";
import { BODY_BUFFERED, type ProcessingRequest, type Protocol, readProcessingRequest } from "./messages.ts";
import type { FailureCode, ProcessService, ProcessStream, Step } from "./process-stream.ts";
import { type ReplaceReason, replacementFor } from "./refusals.ts";
import { recordOutcome } from "./release-record.ts";
import { judgeHeaders, judgeTrailers } from "./response-headers.ts";

/** How far the exchange of one stream is. */
type State =
	/** Nothing of the response was seen. */
	| { readonly at: "request" }
	/** The response needs no masking; Envoy may send its body all the same. */
	| { readonly at: "passing"; readonly bodySeen: boolean }
	/** The response's headers were judged and its body is to come. */
	| { readonly at: "owing"; readonly judgement: Judgement; readonly reportedHeaders: readonly string[] }
	/** Its body is being judged. */
	| { readonly at: "judging" }
	/** Body judged, or none to come; trailers may follow. */
	| { readonly at: "judged"; readonly trailersSeen: boolean; readonly directive: Directive }
	/** The answer was replaced; Envoy sends nothing more. */
	| { readonly at: "replaced" }
	| { readonly at: "over" };

/** Builds the `ExternalProcessor` service. Nothing is shared between streams but plans and limits. */
export function createProcess(deps: ProcessDeps): ProcessService {
	return { open: () => openStream(deps) };
}

function openStream(deps: ProcessDeps): ProcessStream {
	let state: State = { at: "request" };
	let first = true;

	function fail(code: FailureCode, why: string): Step {
		state = { at: "over" };
		deps.log.warn({ code, why }, "an ext_proc stream ends with an error");
		return { kind: "fail", code };
	}

	/** The text of an error that nobody foresaw may quote what it was about; its place does not. */
	function broken(error: unknown): Step {
		const [, place = ""] = error instanceof Error ? (error.stack ?? "").split(/\n\s+(?=at )/) : [];
		return fail(
			"internal",
			`unexpected ${error instanceof Error ? error.name : typeof error} ${place}`.trim(),
		);
	}

	function answer(next: State, message: Buffer): Step {
		state = next;
		return { kind: "answer", message };
	}

	function replaced(reason: ReplaceReason, exchange: Exchange): Step {
		const replacement = replacementFor(reason, exchange);
		recordOutcome(exchange, { kind: "replaced", status: replacement.status, reason }, deps);
		deps.log.warn(
			{
				reason,
				decision_id: exchange.decisionId,
				op: exchange.handoff?.op,
				upstream_status: exchange.upstreamStatus,
			},
			"an upstream's answer was replaced",
		);
		return answer({ at: "replaced" }, replaceAnswer(replacement));
	}

	function onResponseHeaders(message: ProcessingRequest): Step {
		if (state.at !== "request") return fail("invalid", "response headers out of order");
		const verdict = judgeAnswer(message, deps);
		switch (verdict.kind) {
			case "pass":
				return answer({ at: "passing", bodySeen: message.endOfStream }, passWithoutBody());
			case "replace":
				return replaced(verdict.reason, verdict.exchange);
			case "bodiless": {
				const { directive } = verdict.judgement.plan;
				const changes = judgeHeaders(message.headers, deps.headers, directive);
				const outcome = { kind: "released", reportedHeaders: changes.reported } as const;
				if (!recordOutcome(verdict.judgement, outcome, deps))
					return replaced("audit_unavailable", verdict.judgement);
				return answer({ at: "judged", trailersSeen: false, directive }, changeHeaders(changes));
			}
			case "judge": {
				const changes = judgeHeaders(message.headers, deps.headers, verdict.judgement.plan.directive);
				const owing = {
					at: "owing",
					judgement: verdict.judgement,
					reportedHeaders: changes.reported,
				} as const;
				return answer(owing, changeHeaders(changes));
			}
		}
	}

	function onResponseBody(message: ProcessingRequest): Step | Promise<Step> {
		if (state.at === "passing") {
			// Only where the opt-out at the headers was not allowed.
			if (state.bodySeen) return fail("invalid", "a second response body");
			return answer({ at: "passing", bodySeen: true }, passUnchanged("response_body"));
		}
		if (state.at !== "owing") return fail("invalid", "a response body out of order");
		const { judgement, reportedHeaders } = state;
		const start = deps.clock.monotonic();
		deps.metrics.bodyBytes.inc({ direction: "in" }, message.body.length);
		const finish = (judged: JudgedBody): Step => {
			if (state.at !== "judging") return { kind: "fail", code: "internal" };
			const outcomeLabel = { outcome: judged.ok ? "released" : "replaced" };
			deps.metrics.processSeconds.observe((deps.clock.monotonic() - start) / 1000, outcomeLabel);
			if (!judged.ok) return replaced(judged.reason, judgement);
			const given = judged.report;
			const report =
				given === undefined ? undefined : (deps.safeReport?.(given, judgement.plan.directive) ?? given);
			const outcome = {
				kind: "released",
				reportedHeaders,
				...(report === undefined ? {} : { report }),
			} as const;
			if (!recordOutcome(judgement, outcome, deps)) return replaced("audit_unavailable", judgement);
			deps.metrics.bodyBytes.inc({ direction: "out" }, judged.length);
			// In BUFFERED the message holds the whole body; without end_of_stream trailers follow it, and
			// HTTP/1.1 has those behind chunks alone.
			const set: HeaderField[] =
				judgement.announcedLength && message.endOfStream
					? [{ name: "content-length", value: String(judged.length) }]
					: [];
			const { directive } = judgement.plan;
			return answer(
				{ at: "judged", trailersSeen: false, directive },
				replaceBody(judged.pieces, { remove: [], set }),
			);
		};
		state = { at: "judging" };
		if (judgement.coding === undefined) return finish(judgeBody(message.body, judgement, deps));
		return judgeCodedBody(message.body, judgement, deps).then(finish);
	}

	function onResponseTrailers(message: ProcessingRequest): Step {
		if (state.at === "passing") return answer(state, passUnchanged("response_trailers"));
		// Headers and trailers without a body between them: nothing is owed any more.
		if (state.at !== "owing" && (state.at !== "judged" || state.trailersSeen))
			return fail("invalid", "response trailers out of order");
		const directive = state.at === "owing" ? state.judgement.plan.directive : state.directive;
		if (state.at === "owing") {
			const { judgement, reportedHeaders } = state;
			if (!recordOutcome(judgement, { kind: "released", reportedHeaders }, deps))
				return replaced("audit_unavailable", judgement);
		}
		const changes = judgeTrailers(message.headers, directive);
		return answer({ at: "judged", trailersSeen: true, directive }, changeTrailers(changes));
	}

	function onMessage(bytes: Uint8Array): Step | Promise<Step> {
		const message = readProcessingRequest(bytes);
		if (message.observability) return fail("unsupported", "observability_mode ignores every answer");
		if (first || message.protocol !== undefined) {
			const why = unsafeProtocol(message.protocol);
			if (why !== undefined) return fail("unsupported", why);
			first = false;
		}
		switch (message.phase) {
			case "response_headers":
				return onResponseHeaders(message);
			case "response_body":
				return onResponseBody(message);
			case "response_trailers":
				return onResponseTrailers(message);
			default:
				// Request directives are not carried out yet; what a request holds passes as it came.
				return { kind: "answer", message: passUnchanged(message.phase) };
		}
	}

	return {
		receive(bytes) {
			if (state.at === "over") return { kind: "fail", code: "internal" };
			if (state.at === "judging") return fail("invalid", "a message while a body is judged");
			if (state.at === "replaced") return fail("invalid", "a message after the answer was replaced");
			try {
				const step = onMessage(bytes);
				if (!(step instanceof Promise)) return step;
				return step.catch(broken);
			} catch (error) {
				return error instanceof WireError ? fail("invalid", error.message) : broken(error);
			}
		},
		mayEnd: () => state.at === "passing" || state.at === "judged" || state.at === "replaced",
		abandon() {
			state = { at: "over" };
		},
	};
}

/** Why masking cannot hold in the way the filter is set up; undefined when it can. */
function unsafeProtocol(protocol: Protocol | undefined): string | undefined {
	if (protocol === undefined) return "no protocol configuration in the first message";
	if (protocol.responseBodyMode !== BODY_BUFFERED)
		return `response_body_mode ${protocol.responseBodyMode}: only BUFFERED holds an answer back until it was judged`;
	if (protocol.withoutWaiting) return "send_body_without_waiting_for_header_response";
	return undefined;
}
