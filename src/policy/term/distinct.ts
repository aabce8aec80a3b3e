import { compareTerms, sortTerms } from "./compare.ts";
import type { Term } from "./term.ts";

/** The values in OPA's order, each once: what a set holds. */
export function distinct(terms: readonly Term[]): readonly Term[] {
	return sortTerms(terms).filter((term, i, all) => i === 0 || compareTerms(term, all[i - 1] as Term) !== 0);
}
