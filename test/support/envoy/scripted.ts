import { readProcessingRequest } from "../../../src/envoy/ext-proc/messages.ts";
import type { ProcessCall } from "./mesh.ts";

/** What a scripted processor does at one message: answer with bytes, end with OK, fail, or nothing at all. */
export type Move = Buffer | "end" | "silence" | { readonly code: number };

/** A processor that does what Postern never does; for what Envoy makes of it. */
export function scripted(moves: {
	readonly headers: Move;
	readonly body?: Move;
}): (call: ProcessCall) => void {
	return (call) => {
		call.on("error", () => {});
		call.on("data", (bytes: Buffer) => {
			const { phase } = readProcessingRequest(bytes);
			const move = phase === "response_headers" ? moves.headers : (moves.body ?? "silence");
			if (move === "silence") return;
			if (move === "end") call.end();
			else if (Buffer.isBuffer(move)) call.write(move);
			else call.emit("error", { code: move.code, details: "scripted" });
		});
	};
}

/** Never answers. */
export function never(): Promise<Buffer> {
	return new Promise(() => {});
}
