import type { FailureCode, ProcessService, Step } from "../../ext-proc/process-stream.ts";
import { FAILURE_STATUS } from "../failure-status.ts";
import { endWithError, endWithOk, sendMessage } from "./send.ts";
import type { Connection, ProcessState, Stream } from "./state.ts";
import { stepDone } from "./streams.ts";
import { inTurn } from "./turn.ts";

/**
 * Carries the messages of one `Process` stream to its exchange and the answers back. A call that ends with OK tells
 * Envoy to pass everything else unprocessed (`external_processor.proto`), so OK is only ever the answer to Envoy's own
 * half-close, and only when the exchange says that nothing is owed.
 */
export function openProcess(c: Connection, stream: Stream, service: ProcessService): void {
	const { calls } = c.lane;
	if (calls.refuses("process")) {
		fail("overload");
		return;
	}
	const exchange = service.open(stream.trace);
	let open = true;

	function fail(code: FailureCode): void {
		if (stream.answered) return;
		// The text is neutral: Envoy puts it into its access log's response code details.
		inTurn(c, () => endWithError(c, stream, FAILURE_STATUS[code], code));
	}
	function apply(step: Step): void {
		if (stream.answered) return;
		if (step.kind === "fail") fail(step.code);
		else inTurn(c, () => sendMessage(c, stream, step.message));
	}
	const state: ProcessState = {
		receive(message) {
			const step = exchange.receive(message);
			if (!(step instanceof Promise)) {
				apply(step);
				return;
			}
			stream.busy++;
			step.then(
				(later) => {
					if (!stepDone(stream)) apply(later);
				},
				() => {
					if (!stepDone(stream)) fail("internal");
				},
			);
		},
		halfClosed() {
			if (stream.answered) return;
			if (exchange.mayEnd()) endWithOk(c, stream);
			else fail("unavailable");
		},
		over() {
			if (!open) return;
			open = false;
			exchange.abandon();
			calls.ended(state);
		},
		fail,
	};
	stream.process = state;
	calls.opened(state);
}
