import type { Effort } from "./bounds.ts";
import type { Json } from "./document.ts";
import { newOutcome, type Outcome, type Path } from "./outcome.ts";
import type { SubSchema } from "./sub-schema.ts";

/** One run of a document through a schema. */
export interface Check {
	readonly effort: Effort;
	/** Holds a value to a schema, and adds what comes of it to the outcome. */
	apply(schema: SubSchema, value: Json, path: Path | undefined, outcome: Outcome): void;
}

/** What comes of a schema alone. */
export function outcomeOf(check: Check, schema: SubSchema, value: Json, path: Path | undefined): Outcome {
	const outcome = newOutcome();
	check.apply(schema, value, path, outcome);
	// What is kept of it is copied into the outcome of the whole.
	check.effort.step(outcome.failures.length);
	return outcome;
}
