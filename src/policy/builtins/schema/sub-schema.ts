import type { RE2JS } from "re2js";
import type { Bound } from "./rational.ts";

/** One schema, compiled: what is absent asks for nothing. Those that refer to themselves are closed step by step. */
export interface SubSchema {
	/** A schema that is `true` or `false`. */
	pass?: boolean;
	/** Everything else is left aside where there is a reference. */
	reference?: SubSchema;

	/** In the order in which messages name them; empty for all. */
	types: readonly string[];
	/** The canonical text of the one value. */
	constant?: string;
	enumeration?: { readonly texts: ReadonlySet<string>; readonly shown: string };
	format?: string;

	multipleOf?: Bound;
	maximum?: Bound;
	exclusiveMaximum?: Bound;
	minimum?: Bound;
	exclusiveMinimum?: Bound;

	minLength?: bigint;
	maxLength?: bigint;
	pattern?: RE2JS;

	minProperties?: bigint;
	maxProperties?: bigint;
	required: readonly string[];
	/** By name, in the order of names, as everything here that goes by names. */
	properties: ReadonlyMap<string, SubSchema>;
	patternProperties: readonly { readonly pattern: RE2JS; readonly schema: SubSchema }[];
	additionalProperties?: boolean | SubSchema;
	propertyNames?: SubSchema;
	/** Names that must be there too, or a schema for the whole object. */
	dependencies: ReadonlyMap<string, readonly string[] | SubSchema>;

	minItems?: bigint;
	maxItems?: bigint;
	uniqueItems: boolean;
	/** One for all items, or one for each of the first. */
	items?: SubSchema | readonly SubSchema[];
	additionalItems?: boolean | SubSchema;
	contains?: SubSchema;

	anyOf: readonly SubSchema[];
	oneOf: readonly SubSchema[];
	allOf: readonly SubSchema[];
	not?: SubSchema;
	/** `if`, and what is asked of what it takes, and of the rest. */
	condition?: SubSchema;
	consequence?: SubSchema;
	alternative?: SubSchema;
}

const NONE: readonly never[] = [];
const NO_NAMES: ReadonlyMap<string, SubSchema> = new Map();

export const emptySchema = (): SubSchema => ({
	types: NONE,
	required: NONE,
	properties: NO_NAMES,
	patternProperties: NONE,
	dependencies: NO_NAMES,
	uniqueItems: false,
	anyOf: NONE,
	oneOf: NONE,
	allOf: NONE,
});
