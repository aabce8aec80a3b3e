import type { Exchange } from "./exchange.ts";
import type { FailureCode } from "./process-stream.ts";
import type { ReplaceReason } from "./refusals.ts";

/** What one direction of a stream wants to be done about a message. */
export type Move =
	| { readonly kind: "answer"; readonly message: Buffer }
	/** The exchange ends with an answer of ours; where a part of an answer has left already, Envoy resets it. */
	| { readonly kind: "replace"; readonly reason: ReplaceReason; readonly exchange: Exchange }
	/** As `replace`, but the body had begun to flow; `cut` is on record already. */
	| { readonly kind: "cut"; readonly reason: ReplaceReason; readonly exchange: Exchange }
	/** `why` is for the operator's log. */
	| { readonly kind: "fail"; readonly code: FailureCode; readonly why: string };

export function answer(message: Buffer): Move {
	return { kind: "answer", message };
}

export function outOfOrder(what: string): Move {
	return { kind: "fail", code: "invalid", why: `${what} out of order` };
}
