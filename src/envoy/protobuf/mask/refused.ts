import type { Refusal } from "../../../fields/types.ts";

/** A message that cannot be masked, for another reason than its wire format (which is a `WireError`). */
export class Refused extends Error {
	readonly refusal: Refusal;
	constructor(refusal: Refusal) {
		super(refusal);
		this.name = "Refused";
		this.refusal = refusal;
	}
}
