import type { Term } from "../term/term.ts";

export interface BuiltinContext {
	/** Nanoseconds since 1970-01-01T00:00:00Z; the same within one evaluation. */
	readonly nowNs: () => bigint;
	/** The value first made for this key within one evaluation: what is random is random once. */
	readonly remember: (key: string, make: () => Term) => Term;
}

/**
 * One builtin that the host supplies: synchronous, a function of its arguments and the context alone.
 * `undefined` makes the call undefined in the policy, as a builtin's error does in OPA outside strict mode.
 */
export type Builtin = (args: readonly Term[], context: BuiltinContext) => Term | undefined;

/** A builtin over one string; undefined for any other argument. */
export function ofString(run: (text: string) => Term | undefined): Builtin {
	return ([text]) => (typeof text === "string" ? run(text) : undefined);
}

/** A builtin over two strings; undefined for any other arguments. */
export function ofStrings(run: (first: string, second: string) => Term | undefined): Builtin {
	return ([first, second]) =>
		typeof first === "string" && typeof second === "string" ? run(first, second) : undefined;
}
