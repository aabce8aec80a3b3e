import { sortTerms } from "../term/compare.ts";
import { distinct } from "../term/distinct.ts";
import { arrayTerm, isArray, isObject, isSet, setTerm, type Term } from "../term/term.ts";
import type { Builtin } from "./builtin.ts";

const only =
	(accepts: (term: Term) => boolean): Builtin =>
	([term]) =>
		term !== undefined && accepts(term) ? term : undefined;

/** The casts that OPA has given up but still runs: a value of the right type, or undefined. */
export const castBuiltins: Readonly<Record<string, Builtin>> = {
	cast_array: ([term]) => (isSet(term) ? arrayTerm(sortTerms(term.items)) : isArray(term) ? term : undefined),
	cast_boolean: only((term) => typeof term === "boolean"),
	cast_null: only((term) => term === null),
	cast_object: only(isObject),
	cast_set: ([term]) => (isArray(term) ? setTerm(distinct(term.items)) : isSet(term) ? term : undefined),
	cast_string: only((term) => typeof term === "string"),
};
