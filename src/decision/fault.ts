import type { Reason } from "./reasons.ts";

/** Why a policy's result is no decision; leaves the reader of decisions as a Deny, never as an exception. */
export class Fault extends Error {
	readonly reason: Reason;

	constructor(reason: Reason, message: string) {
		super(message);
		this.name = "Fault";
		this.reason = reason;
	}
}
