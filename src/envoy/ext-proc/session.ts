import type { TraceHeaders } from "../../lib/trace-context.ts";
import { WireError } from "../protobuf/reader.ts";
import { replaceAnswer } from "./answers.ts";
import { BODY_BUFFERED, BODY_NONE, BODY_STREAMED } from "./body-modes.ts";
import type { ProcessDeps } from "./deps.ts";
import type { Exchange } from "./exchange.ts";
import { type ProcessingRequest, type Protocol, readProcessingRequest } from "./messages.ts";
import type { Move } from "./move.ts";
import type { FailureCode, ProcessService, ProcessStream, Step } from "./process-stream.ts";
import { type ReplaceReason, replacementFor } from "./refusals.ts";
import { recordOutcome } from "./release-record.ts";
import { createRequestSide, type RequestSide } from "./request-side.ts";
import { createResponseSide, type ResponseSide } from "./response-side.ts";
import { type StreamTrace, streamTrace } from "./stream-trace.ts";

/** Builds the `ExternalProcessor` service. Nothing is shared between streams but plans and limits. */
export function createProcess(deps: ProcessDeps): ProcessService {
	return { open: (trace) => openStream(deps, trace) };
}

interface Sides {
	readonly request: RequestSide;
	readonly response: ResponseSide;
}

function openStream(shared: ProcessDeps, metadata: TraceHeaders | undefined): ProcessStream {
	/** With the first message they become the stream's own, where its caller names a trace. */
	let deps = shared;
	let trace: StreamTrace | undefined;
	/** Absent before the first message. */
	let sides: Sides | undefined;
	/** `replaced`: the last answer has left; `over`: the call has ended or is about to. */
	let ended: "replaced" | "over" | undefined;
	/** The last answer, where one took the place of a body. */
	let replacement: Step | undefined;
	/** The step that is being worked on; what comes meanwhile waits for it. */
	let pending: Promise<Step> | undefined;

	function fail(code: FailureCode, why: string): Step {
		trace?.end(code);
		abandon();
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

	function abandon(): void {
		trace?.end(mayEnd() ? "done" : "cancelled");
		ended = "over";
		sides?.response.abandon();
	}

	function mayEnd(): boolean {
		if (ended !== undefined) return ended === "replaced";
		return sides?.request.mayEnd() === true && sides.response.mayEnd();
	}

	function carryOut(move: Move): Step {
		// The call ended, or failed, while this was worked on.
		if (ended !== undefined) return { kind: "fail", code: "internal" };
		switch (move.kind) {
			case "answer":
				return move;
			case "fail":
				return fail(move.code, move.why);
			case "replace": {
				const { status } = replacementFor(move.reason, move.exchange);
				recordOutcome(move.exchange, { kind: "replaced", status, reason: move.reason }, deps);
				return replaced(move.reason, move.exchange);
			}
			case "cut":
				return replaced(move.reason, move.exchange);
		}
	}

	function replaced(reason: ReplaceReason, exchange: Exchange): Step {
		const { direction, decisionId, handoff, upstreamStatus } = exchange;
		const fields = {
			reason,
			direction,
			decision_id: decisionId,
			op: handoff?.op,
			upstream_status: upstreamStatus,
		};
		if (reason === "request_unjudged") {
			deps.metrics.unjudgedRequests.inc();
			deps.log.error(fields, "ALARM: a request's directive was not carried out; see fields.request");
		} else if (direction === "request") deps.log.info(fields, "a request was refused");
		else deps.log.warn(fields, "an upstream's answer was replaced or cut");
		ended = "replaced";
		replacement = { kind: "answer", message: replaceAnswer(replacementFor(reason, exchange)) };
		return replacement;
	}

	function onMessage(message: ProcessingRequest): Move | Promise<Move> {
		if (sides === undefined) {
			trace = streamTrace(shared, metadata, message);
			if (trace !== undefined) deps = trace.deps;
		}
		if (message.observability)
			return { kind: "fail", code: "unsupported", why: "observability_mode ignores every answer" };
		if (sides === undefined || message.protocol !== undefined) {
			const why = unsafeProtocol(message.protocol);
			if (why !== undefined) return { kind: "fail", code: "unsupported", why };
		}
		if (sides === undefined) {
			const base = {
				request: message.protocol?.requestBodyMode ?? BODY_NONE,
				response: message.protocol?.responseBodyMode ?? BODY_NONE,
			};
			const alive = (): boolean => ended === undefined;
			const request = createRequestSide(deps, base, alive);
			sides = { request, response: createResponseSide(deps, base, request, alive) };
		}
		return message.phase.startsWith("request_")
			? sides.request.receive(message)
			: sides.response.receive(message);
	}

	function take(bytes: Uint8Array): Step | Promise<Step> {
		if (ended === "over") return { kind: "fail", code: "internal" };
		// What Envoy had sent before it heard of that, such as the headers of its own 413, is answered once more: an error
		// would overtake the answer.
		if (replacement !== undefined) return replacement;
		try {
			const move = onMessage(readProcessingRequest(bytes));
			return move instanceof Promise ? move.then(carryOut).catch(broken) : carryOut(move);
		} catch (error) {
			return error instanceof WireError ? fail("invalid", error.message) : broken(error);
		}
	}

	return {
		receive(bytes) {
			const busy = sides?.request.busy() === true || sides?.response.busy() === true;
			if (busy && ended === undefined) return fail("invalid", "a message while a body is judged");
			// Pieces of a body that flows come as fast as Envoy likes, and are answered in their order.
			const step = pending === undefined ? take(bytes) : pending.then(() => take(bytes));
			if (!(step instanceof Promise)) return step;
			const settled = step.finally(() => {
				if (pending === settled) pending = undefined;
			});
			pending = settled;
			return settled;
		},
		mayEnd,
		abandon,
	};
}

/** Why masking cannot hold in the way the filter is set up; undefined when it can. */
function unsafeProtocol(protocol: Protocol | undefined): string | undefined {
	if (protocol === undefined) return "no protocol configuration in the first message";
	const { requestBodyMode, responseBodyMode, withoutWaiting } = protocol;
	if (responseBodyMode !== BODY_BUFFERED && responseBodyMode !== BODY_STREAMED)
		return `response_body_mode ${responseBodyMode}: neither BUFFERED nor STREAMED shows an answer before it leaves`;
	if (requestBodyMode !== BODY_BUFFERED && requestBodyMode !== BODY_NONE)
		return `request_body_mode ${requestBodyMode}: only BUFFERED holds a request back until it was judged`;
	if (withoutWaiting) return "send_body_without_waiting_for_header_response";
	return undefined;
}
