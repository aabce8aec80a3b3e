import type { Bundle } from "../bundle/read.ts";
import type { InputReads } from "../types.ts";
import { type Plan, readPlan, UnknownPlan } from "./ir.ts";
import { EVERYTHING } from "./read-tree.ts";
import { inputReads } from "./reads.ts";

/** A larger plan is not walked: it would hold up the start. */
const MAX_PLAN_BYTES = 32 * 1024 * 1024;

/**
 * What each decision path reads. Only a plan that the manifest binds to the module says anything about it; without
 * one everything counts as read.
 */
export function readsByEntrypoint(
	{ bound, plan }: Pick<Bundle, "bound" | "plan">,
	entrypoints: ReadonlyMap<string, string>,
): ReadonlyMap<string, InputReads> {
	const parsed = bound && plan !== undefined ? parsePlan(plan) : undefined;
	return new Map(
		[...entrypoints].map(
			([path, name]) => [path, parsed === undefined ? EVERYTHING : inputReads(parsed, name)] as const,
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
