import type { Definition, DirectiveDefinition } from "../ast.ts";

/** A schema that queries can be judged by. Never changed once it is made. */
export interface Schema {
	readonly types: ReadonlyMap<string, Definition>;
	readonly directives: ReadonlyMap<string, DirectiveDefinition>;
	/** Names of the types that an interface or a union stands for, an object's own for itself. */
	readonly possibleTypes: ReadonlyMap<string, ReadonlySet<string>>;
	readonly query?: Definition | undefined;
	readonly mutation?: Definition | undefined;
	readonly subscription?: Definition | undefined;
}

/** The type that an operation starts at; an operation without a name for its kind is a query. */
export function rootOf(schema: Schema, operation: string): Definition | undefined {
	switch (operation) {
		case "query":
		case "":
			return schema.query;
		case "mutation":
			return schema.mutation;
		case "subscription":
			return schema.subscription;
		default:
			return undefined;
	}
}
