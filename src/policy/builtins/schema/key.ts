import type { Term } from "../../term/term.ts";

/**
 * A text that no other term has; it costs less than the JSON text, and the same schema in another order has another.
 * What says how long it is, or ends in a mark of its own, needs no escapes.
 */
export function keyOf(term: Term): string {
	if (term === null || typeof term === "boolean") return term === null ? "n" : term ? "t" : "f";
	if (typeof term === "string") return `"${term.length}:${term}`;
	switch (term.kind) {
		case "number":
			return `#${term.text};`;
		case "array":
			return `[${term.items.map(keyOf).join("")}]`;
		case "set":
			return `(${term.items.map(keyOf).join("")})`;
		case "object":
			return `{${term.entries.map(([key, value]) => keyOf(key) + keyOf(value)).join("")}}`;
	}
}
