import type { Bundle } from "../bundle/read.ts";
import type { InputReads } from "../types.ts";
import { type Plan, readPlan, UnknownPlan } from "./ir.ts";
import { EVERYTHING } from "./read-tree.ts";
import { inputReads, isPure } from "./reads.ts";

/** A larger plan is not walked: it would hold up the start. */
const MAX_PLAN_BYTES = 32 * 1024 * 1024;

/** What a plan says about one entrypoint. */
export interface EntrypointFacts {
	readonly reads: InputReads;
	/** Its answer depends on its input and the data alone. */
	readonly pure: boolean;
}

const NOTHING_KNOWN: EntrypointFacts = { reads: EVERYTHING, pure: false };

/**
 * What is known of each decision path. Only a plan that the manifest binds to the module says anything about it;
 * without one everything counts as read, and nothing as pure.
 */
export function factsByEntrypoint(
	{ bound, plan }: Pick<Bundle, "bound" | "plan">,
	entrypoints: ReadonlyMap<string, string>,
): ReadonlyMap<string, EntrypointFacts> {
	const parsed = bound && plan !== undefined ? parsePlan(plan) : undefined;
	return new Map(
		[...entrypoints].map(
			([path, name]) =>
				[
					path,
					parsed === undefined
						? NOTHING_KNOWN
						: { reads: inputReads(parsed, name), pure: isPure(parsed, name) },
				] as const,
		),
	);
}

/** Undefined for a plan that is too large, no JSON, or holds what is not known here. */
export function parsePlan(plan: Buffer): Plan | undefined {
	if (plan.length > MAX_PLAN_BYTES) return undefined;
	try {
		return readPlan(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plan)));
	} catch (thrown) {
		if (thrown instanceof UnknownPlan || thrown instanceof SyntaxError || thrown instanceof TypeError)
			return undefined;
		throw thrown;
	}
}
