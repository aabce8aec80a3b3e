/** Tokens of a query, comments included: twice what GraphQL gateways let pass unless told otherwise. */
export const MAX_QUERY_TOKENS = 1 << 15;

/** Tokens of a schema, comments included: some thirty thousand types. */
export const MAX_SCHEMA_TOKENS = 1 << 20;

/**
 * Selection sets, values and list types inside one another; also of selections when fragments stand where they are
 * spread. A tree then has at most 3 × 128 nested containers, few enough to be an argument or a result again.
 */
export const MAX_DEPTH = 128;

/**
 * Steps of judging one query: visits of a node, and comparisons of two fields. Fragments are visited wherever they are
 * spread, and fields of one name compared two by two, so that a short query can ask for any number of them.
 */
export const MAX_QUERY_STEPS = 1 << 18;

/** Steps of checking one schema. */
export const MAX_SCHEMA_STEPS = 1 << 20;

/** Schemas kept between evaluations, and UTF-16 units of their texts together. */
export const MAX_CACHED_SCHEMAS = 16;
export const MAX_CACHED_TEXT = 1 << 22;

/**
 * More than is read or judged. The evaluation is given up, and the call denied: a policy may take "undefined" or false
 * for a yes (`not graphql.is_valid(…)`), and OPA would have had another answer.
 */
export function overLimit(what: string): RangeError {
	return new RangeError(`graphql: ${what}`);
}

/** Counts steps. */
export interface Budget {
	/** @throws {RangeError} when more steps were taken than there may be. */
	spend(steps: number): void;
}

export function budget(steps: number): Budget {
	let left = steps;
	return {
		spend(taken) {
			left -= taken;
			if (left < 0) throw overLimit("more work than a document of reasonable size makes");
		},
	};
}
