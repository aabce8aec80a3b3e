import { sortEntries, sortTerms } from "../term/compare.ts";
import type { Term } from "../term/term.ts";
import { goQuote } from "./go/quote.ts";

/** A value as OPA's `String()` writes it: what `sprintf` and messages show of containers. */
export function regoText(term: Term): string {
	if (term === null || typeof term === "boolean") return String(term);
	if (typeof term === "string") return goQuote(term);
	switch (term.kind) {
		case "number":
			return term.text;
		case "array":
			return `[${term.items.map(regoText).join(", ")}]`;
		case "set":
			if (term.items.length === 0) return "set()";
			return `{${sortTerms(term.items).map(regoText).join(", ")}}`;
		case "object":
			return `{${sortEntries(term)
				.map(([key, value]) => `${regoText(key)}: ${regoText(value)}`)
				.join(", ")}}`;
	}
}
