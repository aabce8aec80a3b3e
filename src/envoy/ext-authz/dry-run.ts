import type { FieldsConfig, PolicyConfig } from "../../config/types.ts";
import type { ReadDirective } from "../../decision/read-decision.ts";
import type { Decision } from "../../decision/types.ts";

export interface DryRunConfig {
	readonly policy: Pick<PolicyConfig, "dry_run">;
	readonly fields: Pick<FieldsConfig, "enabled" | "dry_run">;
}

/**
 * What is answered in the place of a decision. In a dry run a denial, whatever its reason, becomes an allow that changes
 * nothing and keeps the policy's metadata. Nobody granted the fields of that answer: it is withheld whole, and under
 * `fields.dry_run: observe` passes through ext_proc untouched, with a record of what went out. The denials of a full audit
 * queue stay: what cannot be recorded does not happen.
 */
export function createDryRun(
	{ policy, fields }: DryRunConfig,
	readDirective: ReadDirective,
): (decision: Decision) => Decision {
	if (!policy.dry_run) return (decision) => decision;
	const read = readDirective(fields.dry_run === "observe" ? {} : { release: [] });
	const response = fields.enabled && read.ok ? read.directive : undefined;
	return (decision) => {
		if (decision.kind === "allow" || decision.reason === "audit_full") return decision;
		// Without a directive it would be released whole, and nobody would know.
		if (fields.enabled && response === undefined) return decision;
		return {
			kind: "allow",
			headers: [],
			responseHeaders: [],
			removeHeaders: [],
			setQuery: [],
			removeQuery: [],
			...(decision.metadata === undefined ? {} : { metadata: decision.metadata }),
			...(response === undefined ? {} : { response }),
			notes: decision.notes,
		};
	};
}
