import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { FailureCode, ProcessStream, Step } from "../../ext-proc/process-stream.ts";
import { FAILURE_STATUS } from "../failure-status.ts";
import type { ProcessCall } from "../in-flight.ts";

/**
 * Carries the messages of one gRPC call to its stream and the answers back. A call that ends with OK tells
 * Envoy to pass everything else unprocessed (`external_processor.proto`), so OK is only ever the answer to
 * Envoy's own half-close, and only when the stream says that nothing is owed.
 */
export function runProcessCall(
	call: ServerDuplexStream<Buffer, Buffer>,
	stream: ProcessStream,
	onDone: () => void,
): ProcessCall {
	let open = true;

	function close(): boolean {
		if (!open) return false;
		open = false;
		stream.abandon();
		onDone();
		return true;
	}
	function fail(code: FailureCode): void {
		if (!close()) return;
		// The text is neutral: Envoy puts it into its access log's response code details.
		call.emit("error", { code: FAILURE_STATUS[code], details: code });
	}
	function apply(step: Step): void {
		if (!open) return;
		if (step.kind === "fail") fail(step.code);
		else call.write(step.message);
	}

	call.on("data", (message: Buffer) => {
		if (!open) return;
		const step = stream.receive(message);
		if (step instanceof Promise) step.then(apply, () => fail("internal"));
		else apply(step);
	});
	call.on("end", () => {
		if (!open) return;
		if (call.cancelled) close();
		else if (!stream.mayEnd()) fail("unavailable");
		else if (close()) call.end();
	});
	// Envoy resets the stream when its exchange is over: the usual end, and no failure.
	call.on("cancelled", close);
	// The read side can fail by itself (a message over the limit); grpc-js then ends the call with that error.
	call.on("error", close);
	return { fail };
}
