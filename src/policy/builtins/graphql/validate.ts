import type { QueryDocument } from "./ast.ts";
import { checkFragments, fragmentsOf } from "./fragments.ts";
import { budget, MAX_QUERY_STEPS } from "./limits.ts";
import type { Rule } from "./rule.ts";
import { knownArgumentNames, providedRequiredArguments, uniqueArgumentNames } from "./rules/arguments.ts";
import { knownDirectives, uniqueDirectivesPerLocation } from "./rules/directives.ts";
import { fieldsOnCorrectType, scalarLeafs } from "./rules/fields.ts";
import {
	fragmentsOnCompositeTypes,
	knownFragmentNames,
	noUnusedFragments,
	possibleFragmentSpreads,
	uniqueFragmentNames,
} from "./rules/fragments.ts";
import { maxIntrospectionDepth } from "./rules/introspection-depth.ts";
import {
	knownRootType,
	loneAnonymousOperation,
	singleFieldSubscriptions,
	uniqueOperationNames,
} from "./rules/operations.ts";
import { overlappingFieldsCanBeMerged } from "./rules/overlapping-fields.ts";
import { knownTypeNames } from "./rules/type-names.ts";
import { uniqueInputFieldNames, valuesOfCorrectType } from "./rules/values.ts";
import {
	noUndefinedVariables,
	noUnusedVariables,
	uniqueVariableNames,
	variablesAreInputTypes,
	variablesInAllowedPosition,
	variablesInOneOf,
} from "./rules/variables.ts";
import type { Schema } from "./schema/schema.ts";
import { walkQuery } from "./walk.ts";

/** gqlparser's default rules; the one against circles of fragments is in `checkFragments`. */
const RULES: readonly Rule[] = [
	fieldsOnCorrectType,
	fragmentsOnCompositeTypes,
	knownArgumentNames,
	knownDirectives,
	knownFragmentNames,
	knownRootType,
	knownTypeNames,
	loneAnonymousOperation,
	maxIntrospectionDepth,
	noUndefinedVariables,
	noUnusedFragments,
	noUnusedVariables,
	overlappingFieldsCanBeMerged,
	possibleFragmentSpreads,
	providedRequiredArguments,
	scalarLeafs,
	singleFieldSubscriptions,
	uniqueArgumentNames,
	uniqueDirectivesPerLocation,
	uniqueFragmentNames,
	uniqueInputFieldNames,
	uniqueOperationNames,
	uniqueVariableNames,
	valuesOfCorrectType,
	variablesAreInputTypes,
	variablesInAllowedPosition,
	variablesInOneOf,
];

/**
 * Judges a query by a schema. Notes on the document's nodes what the schema says of them: a document is judged once.
 * @throws {GraphqlError} when it is not valid.
 * @throws {RangeError} over a limit, or for a tree that OPA could not judge.
 */
export function validateQuery(schema: Schema, document: QueryDocument): void {
	const fragments = fragmentsOf(document);
	checkFragments(document, fragments);
	walkQuery(schema, document, fragments, budget(MAX_QUERY_STEPS), RULES);
}
