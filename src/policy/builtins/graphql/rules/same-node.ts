import type { Budget } from "../limits.ts";

/**
 * Whether two parts of a document are the same to Go's `reflect.DeepEqual`: in a text nodes differ by where they stand,
 * in a policy's own tree equal ones cannot be told apart.
 */
export function sameNode(a: unknown, b: unknown, work: Budget): boolean {
	if (a === b) return true;
	if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
	work.spend(1);
	const left = a as Readonly<Record<string, unknown>>;
	const right = b as Readonly<Record<string, unknown>>;
	if (!sameNode(left["position"], right["position"], work)) return false;
	const names = new Set([...Object.keys(left), ...Object.keys(right)]);
	for (const name of names) if (!sameNode(left[name], right[name], work)) return false;
	return true;
}
