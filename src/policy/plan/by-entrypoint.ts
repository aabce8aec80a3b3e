import type { Bundle } from "../bundle/read.ts";
import type { InputReads } from "../types.ts";
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
	const parsed = bound && plan !== undefined && plan.length <= MAX_PLAN_BYTES ? parse(plan) : undefined;
	return new Map(
		[...entrypoints].map(
			([path, name]) => [path, parsed === undefined ? EVERYTHING : inputReads(parsed, name)] as const,
		),
	);
}

function parse(plan: Buffer): unknown {
	try {
		return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plan));
	} catch {
		return undefined;
	}
}
