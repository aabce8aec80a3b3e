import { REASONS, type Reason } from "./reasons.ts";
import type { Deny } from "./types.ts";

/** A denial of our own, with the status that belongs to its reason. `detail` is for the operator's log alone. */
export function denial(reason: Reason, detail?: string): Deny {
	return {
		kind: "deny",
		reason,
		status: REASONS[reason],
		headers: [],
		body: "",
		notes: { rules: [] },
		...(detail === undefined ? {} : { detail }),
	};
}
