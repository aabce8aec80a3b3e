import { changeHeaders, changeTrailers, passHeaders, passUnchanged, replaceBody } from "./answers.ts";
import type { BodyModes } from "./body-modes.ts";
import { judgeWhole, releaseBodiless } from "./body-work.ts";
import type { ProcessDeps } from "./deps.ts";
import type { Judgement } from "./exchange.ts";
import { judgeRequest } from "./judge-request.ts";
import type { ProcessingRequest } from "./messages.ts";
import { answer, type Move, outOfOrder } from "./move.ts";
import { changesFor, judgeRequestTrailers } from "./request-headers.ts";

/** How far the request is. */
type State =
	/** Nothing of it was shown here, as where Envoy is set up for answers alone. */
	| { readonly at: "unseen" }
	/** It needs no masking; Envoy may send its body all the same. */
	| { readonly at: "passing" }
	/** Its headers were judged and its body is to come. */
	| { readonly at: "owing"; readonly judgement: Judgement }
	| { readonly at: "judging" }
	/** Body judged, or none to come; trailers may follow. */
	| { readonly at: "judged"; readonly trailersSeen: boolean };

/** One request on its way to the upstream. */
export interface RequestSide {
	receive(message: ProcessingRequest): Move | Promise<Move>;
	/** The directive, as JSON, by which the whole body was judged. */
	judgedBy(): string | undefined;
	/** Whether Envoy may go on without us. */
	mayEnd(): boolean;
	/** A body is being judged. */
	busy(): boolean;
	/** What Envoy sends of bodies from here on. */
	modes(): BodyModes;
}

/** `base`: how Envoy is set up to send bodies; `alive`: the call goes on. */
export function createRequestSide(deps: ProcessDeps, base: BodyModes, alive: () => boolean): RequestSide {
	let state: State = { at: "unseen" };
	let modes = base;
	let directive: string | undefined;

	function onHeaders(message: ProcessingRequest): Move {
		if (state.at !== "unseen") return outOfOrder("request headers");
		const { verdict, modes: wanted } = judgeRequest(message, deps, base);
		modes = wanted;
		switch (verdict.kind) {
			case "pass":
				state = { at: "passing" };
				return answer(passHeaders("request_headers", modes));
			case "replace":
				return verdict;
			case "bodiless":
				return releaseBodiless(verdict.judgement, [], deps, () => {
					judged(verdict.judgement);
					return answer(passHeaders("request_headers", modes));
				});
			case "judge": {
				const { judgement } = verdict;
				state = { at: "owing", judgement };
				return answer(changeHeaders(changesFor(message.headers, judgement), modes, "request_headers"));
			}
		}
	}

	function judged(judgement: Judgement): void {
		state = { at: "judged", trailersSeen: false };
		directive = JSON.stringify(judgement.handoff.request);
	}

	function onBody(message: ProcessingRequest): Move | Promise<Move> {
		// Only where opting out at the headers was not allowed.
		if (state.at === "passing") return answer(passUnchanged("request_body"));
		if (state.at !== "owing") return outOfOrder("a request body");
		const { judgement } = state;
		state = { at: "judging" };
		return judgeWhole(message.body, judgement, [], deps, alive, ({ pieces, length }) => {
			judged(judgement);
			// Without end_of_stream trailers follow, and HTTP/1.1 has those behind chunks alone.
			const set =
				judgement.length !== undefined && message.endOfStream
					? [{ name: "content-length", value: String(length) }]
					: [];
			return answer(replaceBody(pieces, { remove: [], set }, "request_body"));
		});
	}

	function onTrailers(message: ProcessingRequest): Move {
		if (state.at === "passing") return answer(passUnchanged("request_trailers"));
		const trailers = (): Move => {
			state = { at: "judged", trailersSeen: true };
			return answer(changeTrailers(judgeRequestTrailers(message.headers), "request_trailers"));
		};
		if (state.at === "owing") {
			// Headers and trailers without a body between them.
			const { judgement } = state;
			return releaseBodiless(judgement, [], deps, () => {
				judged(judgement);
				return trailers();
			});
		}
		return state.at === "judged" && !state.trailersSeen ? trailers() : outOfOrder("request trailers");
	}

	return {
		receive(message) {
			switch (message.phase) {
				case "request_headers":
					return onHeaders(message);
				case "request_body":
					return onBody(message);
				default:
					return onTrailers(message);
			}
		},
		judgedBy: () => directive,
		mayEnd: () => state.at !== "owing" && state.at !== "judging",
		busy: () => state.at === "judging",
		modes: () => modes,
	};
}
