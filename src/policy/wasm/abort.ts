import { errorMessage } from "../../lib/error-message.ts";
import type { PolicyFailure } from "../types.ts";

/** What a module said when it called `opa_abort`. Raised through the module's frames, caught by the evaluator. */
export class PolicyAbort extends Error {
	override readonly name = "PolicyAbort";
}

/** `file:row:col: var assignment conflict`: two rules gave one document different values. */
const CONFLICT = /\b(?:var assignment conflict|object insert conflict)\b/;

/** Tells the policy's own error from everything that says the instance cannot be trusted any more. */
export function classifyThrow(thrown: unknown): { readonly reason: PolicyFailure; readonly message: string } {
	if (thrown instanceof PolicyAbort) {
		const reason = CONFLICT.test(thrown.message) ? "policy_error" : "policy_trap";
		return { reason, message: thrown.message };
	}
	return { reason: "policy_trap", message: errorMessage(thrown) };
}
