import type { Directive, Selector } from "../fields/types.ts";

/** Every member name that a directive spells out: names its author chose, no data. */
export function directiveNames(directive: Directive): ReadonlySet<string> {
	const names = new Set<string>();
	const selectors: readonly Selector[] = [
		...(directive.release ?? []),
		...directive.mask.map((rule) => rule.select),
		...directive.withhold,
	];
	for (const selector of selectors) {
		if (selector.kind !== "path") continue;
		for (const step of selector.steps) if (step.kind === "name") names.add(step.name);
	}
	return names;
}
