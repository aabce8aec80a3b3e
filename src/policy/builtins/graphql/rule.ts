import type {
	Directive,
	Field,
	FragmentDefinition,
	FragmentSpread,
	InlineFragment,
	OperationDefinition,
	QueryDocument,
	Value,
	VariableDefinition,
} from "./ast.ts";
import type { Budget } from "./limits.ts";
import type { Schema } from "./schema/schema.ts";

/** What a rule wants to see. Each node comes after what it contains, and all that the schema says of it is noted on it. */
export interface Visitor {
	operation?(operation: OperationDefinition): void;
	variable?(variable: VariableDefinition): void;
	field?(field: Field): void;
	/** A definition, after all operations. Where it is spread its content comes, too: once in each operation. */
	fragment?(fragment: FragmentDefinition): void;
	spread?(spread: FragmentSpread): void;
	inline?(fragment: InlineFragment): void;
	directive?(directive: Directive): void;
	/** All directives at one place. */
	directives?(directives: readonly Directive[]): void;
	value?(value: Value): void;
}

/** What a rule may ask for. */
export interface Surroundings {
	readonly schema: Schema;
	readonly document: QueryDocument;
	readonly work: Budget;
	/** The operation whose content is being walked; `undefined` among definitions of fragments. */
	readonly operation: () => OperationDefinition | undefined;
}

/** A rule throws GraphqlError where a query breaks it. */
export type Rule = (around: Surroundings) => Visitor;
