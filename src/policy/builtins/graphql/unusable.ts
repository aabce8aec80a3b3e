/** A policy's own tree that OPA's process ends over. There is no answer to give: the evaluation is given up. */
export function unusable(why: string): RangeError {
	return new RangeError(`graphql: a tree that OPA cannot use: ${why}`);
}

const fail = (): never => {
	throw unusable("it lacks a node that is needed");
};

/**
 * Stands where a tree has null and gqlparser follows the pointer without a look. Whoever reads it or writes on it
 * throws; a tree whose gap nobody comes to is judged like any other.
 */
export const MISSING: object = new Proxy({}, { get: fail, set: fail });
