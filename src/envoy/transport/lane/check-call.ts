import { answerUnary } from "./send.ts";
import type { Connection, Stream } from "./state.ts";
import { stepDone } from "./streams.ts";
import { inTurn } from "./turn.ts";

/** Answers one Check, at once where that can be done. */
export function runCheck(c: Connection, stream: Stream, request: Buffer): void {
	const { calls, deps } = c.lane;
	const { timeoutMs, waitedMs, readAt } = stream;
	if (
		timeoutMs !== Number.POSITIVE_INFINITY &&
		calls.refusesLate(timeoutMs, waitedMs + c.lane.clock.monotonic() - readAt)
	) {
		answerUnary(c, stream, deps.deny("overload"));
		return;
	}
	if (calls.refuses("check")) {
		answerUnary(c, stream, deps.deny("overload"));
		return;
	}
	let answer: Uint8Array | Promise<Uint8Array>;
	calls.checks++;
	try {
		answer = deps.check(request, stream.deadlineMs, stream.trace);
	} catch (thrown) {
		answer = broken(c, thrown);
	}
	if (answer instanceof Promise) answerLater(c, stream, answer);
	else {
		calls.checks--;
		answerUnary(c, stream, answer);
	}
}

function answerLater(c: Connection, stream: Stream, answer: Promise<Uint8Array>): void {
	stream.busy++;
	const settle = (message: Uint8Array): void => {
		c.lane.calls.checks--;
		if (stepDone(stream)) return;
		inTurn(c, () => answerUnary(c, stream, message));
	};
	answer.then(settle, (thrown: unknown) => settle(broken(c, thrown)));
}

/** An explicit denial, where something broke: a gRPC error would be an allow for `failure_mode_allow`. */
function broken(c: Connection, thrown: unknown): Uint8Array {
	c.lane.deps.log.error({ err: thrown }, "a check failed unexpectedly");
	return c.lane.deps.deny("internal");
}
