import type { TraceHeaders } from "../../lib/trace-context.ts";

/** What a stream that cannot go on ends with; the transport turns it into a gRPC status, never OK. */
export type FailureCode = "invalid" | "unsupported" | "overload" | "unavailable" | "internal";

/** What one message of Envoy leads to. */
export type Step =
	| { readonly kind: "answer"; readonly message: Buffer }
	| { readonly kind: "fail"; readonly code: FailureCode };

/** One `Process` stream: one HTTP exchange of Envoy. Never throws, never rejects. */
export interface ProcessStream {
	receive(message: Uint8Array): Step | Promise<Step>;
	/** Envoy has half-closed: whether the call may end with OK, which no stream may while a body is owed. */
	mayEnd(): boolean;
	/** The call is over, however it ended. */
	abandon(): void;
}

/** The `ExternalProcessor` service, without its transport. */
export interface ProcessService {
	/** `trace`: what the call's metadata say of one. */
	open(trace?: TraceHeaders): ProcessStream;
}
