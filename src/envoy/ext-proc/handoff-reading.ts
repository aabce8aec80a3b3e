import { readHandoff } from "../../decision/handoff.ts";
import { HANDOFF_VERSION, type Handoff } from "../../decision/handoff-types.ts";
import type { JsonObject } from "../../lib/json-value.ts";

export type HandoffReading =
	/** Nobody decided: ext_authz was skipped, switched off for the route, or failed open. */
	| { readonly kind: "absent" }
	/** Somebody wrote a hand-off that this version does not understand. */
	| { readonly kind: "unknown"; readonly decisionId?: string }
	| {
			readonly kind: "valid";
			readonly decisionId?: string;
			readonly fields: "all" | "some";
			readonly handoff: Handoff;
	  };

const KEYS = ["postern", "fields", "directive"] as const;

/** Reads the hand-off out of the metadata of ext_authz's namespace. Only a complete one counts as one. */
export function readHandoffKeys(metadata: JsonObject | undefined): HandoffReading {
	if (metadata === undefined || !KEYS.some((key) => Object.hasOwn(metadata, key))) return { kind: "absent" };
	const {
		decision_id: id,
		postern: version,
		fields,
		directive,
	} = metadata as Readonly<Record<string, unknown>>;
	const known = typeof id === "string" ? { decisionId: id } : {};
	if (version !== HANDOFF_VERSION || (fields !== "all" && fields !== "some") || typeof directive !== "string")
		return { kind: "unknown", ...known };
	const handoff = readHandoff(directive);
	return handoff === undefined ? { kind: "unknown", ...known } : { kind: "valid", ...known, fields, handoff };
}
