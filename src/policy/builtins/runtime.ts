import { objectTerm } from "../term/term.ts";
import type { Builtin } from "./builtin.ts";

/** Empty, as in an OPA that was told nothing: a policy gets neither our environment nor our configuration. */
export const runtimeBuiltins: Readonly<Record<string, Builtin>> = { "opa.runtime": () => objectTerm([]) };
