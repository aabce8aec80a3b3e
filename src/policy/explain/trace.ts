import type { SourcePlace } from "../plan/ir.ts";
import type { Term } from "../term/term.ts";

/** Where a rule's body ended without a value, and why, in words that may show parts of the input. */
export interface Stop {
	readonly at: SourcePlace;
	readonly why: string;
	/** How often: a body inside an iteration ends once a round. */
	readonly count: number;
}

/** One rule or function as it was evaluated. */
export interface RuleTrace {
	/** `data.envoy.authz.allow`. */
	readonly name: string;
	/** Of a function. */
	readonly args: readonly Term[];
	/** Undefined: no body gave a value. */
	readonly result: Term | undefined;
	/** Lines of the bodies that gave its value, in order. */
	readonly given: readonly SourcePlace[];
	readonly stops: readonly Stop[];
	/** What it asked for, in order. */
	readonly calls: readonly RuleTrace[];
	/** Its value was worked out before, where it stands first in the trace. */
	readonly repeated: boolean;
}

/** What an entrypoint came to. */
export interface Explanation {
	readonly result: Term | undefined;
	readonly rules: readonly RuleTrace[];
	/** Why it could not be followed to its end, such as two values for one rule. */
	readonly failure?: string;
	/** More was evaluated than is kept. */
	readonly truncated: boolean;
}
