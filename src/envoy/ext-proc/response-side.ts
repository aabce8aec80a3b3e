import type { Directive } from "../../fields/types.ts";
import { changeHeaders, changeTrailers, passHeaders, passUnchanged, replaceBody } from "./answers.ts";
import { type BodyFlow, type JudgedPiece, openFlow } from "./body-flow.ts";
import { BODY_BUFFERED, BODY_NONE, BODY_STREAMED, type BodyModes } from "./body-modes.ts";
import { judgeWhole, releaseBodiless, safe } from "./body-work.ts";
import type { ProcessDeps } from "./deps.ts";
import type { Judgement } from "./exchange.ts";
import { judgeAnswer } from "./judge-answer.ts";
import type { ProcessingRequest } from "./messages.ts";
import { answer, type Move, outOfOrder } from "./move.ts";
import type { ReplaceReason } from "./refusals.ts";
import { recordOutcome } from "./release-record.ts";
import type { RequestSide } from "./request-side.ts";
import { judgeHeaders, judgeTrailers } from "./response-headers.ts";

/** How far the answer is. */
type State =
	/** Nothing of it was seen. */
	| { readonly at: "unseen" }
	/** It needs no masking; Envoy may send its body all the same. */
	| { readonly at: "passing"; readonly bodySeen: boolean }
	/** Its headers were judged and its body is to come, as a whole. */
	| { readonly at: "owing"; readonly judgement: Judgement; readonly reportedHeaders: readonly string[] }
	/** Its body is being judged. */
	| { readonly at: "judging" }
	/** Its body comes in pieces, and leaves in pieces. */
	| { readonly at: "flowing"; readonly judgement: Judgement; readonly flow: BodyFlow }
	/** Body judged, or none to come; trailers may follow. */
	| { readonly at: "judged"; readonly trailersSeen: boolean; readonly directive: Directive }
	/** What flowed was cut. */
	| { readonly at: "cut" };

/** One answer on its way to the client. */
export interface ResponseSide {
	receive(message: ProcessingRequest): Move | Promise<Move>;
	mayEnd(): boolean;
	/** A whole body is being judged. */
	busy(): boolean;
	/** The call is over: what was flowing ends here. */
	abandon(): void;
}

/** `base`: how Envoy is set up to send bodies; `alive`: the call goes on. */
export function createResponseSide(
	deps: ProcessDeps,
	base: BodyModes,
	request: RequestSide,
	alive: () => boolean,
): ResponseSide {
	let state: State = { at: "unseen" };
	/** Time spent on a body that flows, milliseconds. */
	let spent = 0;

	function onHeaders(message: ProcessingRequest): Move {
		if (state.at !== "unseen") return outOfOrder("response headers");
		const context = { requestJudgedBy: request.judgedBy(), responseMode: request.modes().response };
		const verdict = judgeAnswer(message, deps, context);
		switch (verdict.kind) {
			case "pass":
				state = { at: "passing", bodySeen: message.endOfStream };
				return answer(passHeaders("response_headers", { ...request.modes(), response: BODY_NONE }));
			case "replace":
				return verdict;
			case "bodiless": {
				const { judgement } = verdict;
				const { directive } = judgement.plan;
				const changes = judgeHeaders(message.headers, deps.headers, directive);
				return releaseBodiless(judgement, changes.reported, deps, () => {
					state = { at: "judged", trailersSeen: false, directive };
					return answer(changeHeaders(changes));
				});
			}
			case "judge": {
				const { judgement } = verdict;
				const changes = judgeHeaders(message.headers, deps.headers, judgement.plan.directive);
				if (verdict.flows) {
					const refused = beginFlow(judgement, changes.reported);
					return refused ?? answer(changeHeaders(changes));
				}
				state = { at: "owing", judgement, reportedHeaders: changes.reported };
				// Held back until it was judged: any failure then gives a whole error answer.
				const modes = request.modes();
				const held = modes.response === BODY_BUFFERED;
				return answer(changeHeaders(changes, held ? undefined : { ...modes, response: BODY_BUFFERED }));
			}
		}
	}

	/** Answers why it may not flow. It is on record before its first byte leaves. */
	function beginFlow(judgement: Judgement, reportedHeaders: readonly string[]): Move | undefined {
		const replace = (reason: ReplaceReason): Move => ({ kind: "replace", reason, exchange: judgement });
		const flow = openFlow(judgement, deps);
		if (flow === undefined) return replace("overload");
		if (!recordOutcome(judgement, { kind: "flowing", reportedHeaders }, deps)) {
			flow.close();
			return replace("audit_unavailable");
		}
		state = { at: "flowing", judgement, flow };
		return undefined;
	}

	function onBody(message: ProcessingRequest): Move | Promise<Move> {
		switch (state.at) {
			case "passing":
				// Only where the opt-out at the headers was not allowed.
				if (state.bodySeen) return outOfOrder("a second response body");
				state = { at: "passing", bodySeen: base.response === BODY_BUFFERED || message.endOfStream };
				return answer(passUnchanged("response_body"));
			case "owing":
				return onWholeBody(message, state.judgement, state.reportedHeaders);
			case "flowing":
				return onPiece(message, state.judgement, state.flow);
			default:
				return outOfOrder("a response body");
		}
	}

	function onWholeBody(
		message: ProcessingRequest,
		judgement: Judgement,
		reportedHeaders: readonly string[],
	): Move | Promise<Move> {
		const announced = judgement.length;
		if (base.response === BODY_STREAMED && announced !== undefined && message.body.length < announced)
			return { kind: "fail", code: "unsupported", why: "the override to BUFFERED was not allowed" };
		state = { at: "judging" };
		return judgeWhole(message.body, judgement, reportedHeaders, deps, alive, ({ pieces, length }) => {
			state = { at: "judged", trailersSeen: false, directive: judgement.plan.directive };
			// The message holds the whole body; without end_of_stream trailers follow it, and HTTP/1.1 has those
			// behind chunks alone.
			const set =
				announced !== undefined && message.endOfStream
					? [{ name: "content-length", value: String(length) }]
					: [];
			return answer(replaceBody(pieces, { remove: [], set }));
		});
	}

	function onPiece(message: ProcessingRequest, judgement: Judgement, flow: BodyFlow): Move | Promise<Move> {
		const { endOfStream: last } = message;
		return judgePiece(message.body, last, judgement, flow, (pieces) => {
			const refused = last ? endFlow(judgement, flow) : undefined;
			return refused ?? answer(replaceBody(pieces));
		});
	}

	function judgePiece(
		piece: Uint8Array,
		last: boolean,
		judgement: Judgement,
		flow: BodyFlow,
		pass: (pieces: readonly Uint8Array[]) => Move,
	): Move | Promise<Move> {
		const start = deps.clock.monotonic();
		deps.metrics.bodyBytes.inc({ body: "response", direction: "in" }, piece.length);
		const finish = (judged: JudgedPiece): Move => {
			spent += deps.clock.monotonic() - start;
			// Abandoned in the meantime.
			if (state.at !== "flowing") return outOfOrder("a piece of a body");
			if (!judged.ok) return cut(judged.reason, judgement, flow);
			deps.metrics.bodyBytes.inc({ body: "response", direction: "out" }, judged.length);
			return pass(judged.pieces);
		};
		const judged = flow.write(piece, last);
		return judged instanceof Promise ? judged.then(finish) : finish(judged);
	}

	/** All of it was judged; answers why the last of it may not leave all the same. */
	function endFlow(judgement: Judgement, flow: BodyFlow): Move | undefined {
		const report = safe(flow.report(), judgement, deps);
		if (!recordOutcome(judgement, { kind: "released", reportedHeaders: [], report }, deps))
			return cut("audit_unavailable", judgement, flow);
		deps.metrics.processSeconds.observe(spent / 1000, { outcome: "released" });
		flow.close();
		state = { at: "judged", trailersSeen: false, directive: judgement.plan.directive };
		return undefined;
	}

	function cut(reason: ReplaceReason, judgement: Judgement, flow: BodyFlow): Move {
		state = { at: "cut" };
		const report = safe(flow.report(), judgement, deps);
		flow.close();
		recordOutcome(judgement, { kind: "cut", report, reason }, deps);
		deps.metrics.processSeconds.observe(spent / 1000, { outcome: "cut" });
		return { kind: "cut", reason, exchange: judgement };
	}

	function onTrailers(message: ProcessingRequest): Move | Promise<Move> {
		const trailers = (directive: Directive): Move => {
			state = { at: "judged", trailersSeen: true, directive };
			return answer(changeTrailers(judgeTrailers(message.headers, directive)));
		};
		switch (state.at) {
			case "passing":
				return answer(passUnchanged("response_trailers"));
			case "owing": {
				const { directive } = state.judgement.plan;
				// Headers and trailers without a body between them: nothing is owed any more.
				return releaseBodiless(state.judgement, state.reportedHeaders, deps, () => trailers(directive));
			}
			case "flowing": {
				const { judgement, flow } = state;
				return judgePiece(NOTHING, true, judgement, flow, (pieces) => {
					// The answer to trailers has no room for what of the body was still held back.
					if (pieces.some(({ length }) => length > 0)) return cut("body_unended", judgement, flow);
					return endFlow(judgement, flow) ?? trailers(judgement.plan.directive);
				});
			}
			case "judged":
				return state.trailersSeen ? outOfOrder("response trailers") : trailers(state.directive);
			default:
				return outOfOrder("response trailers");
		}
	}

	return {
		receive(message) {
			switch (message.phase) {
				case "response_headers":
					return onHeaders(message);
				case "response_body":
					return onBody(message);
				default:
					return onTrailers(message);
			}
		},
		mayEnd: () => state.at === "passing" || state.at === "judged",
		busy: () => state.at === "judging",
		abandon() {
			if (state.at === "flowing") cut("abandoned", state.judgement, state.flow);
		},
	};
}

const NOTHING = new Uint8Array(0);
