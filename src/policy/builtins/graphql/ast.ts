/**
 * GraphQL documents as the library has them that OPA uses, gqlparser, and hands to policies: each property is the member
 * of the same name there, but for its small first letter. What is not read-only is noted while a query is judged; a tree
 * that a policy made may bring it along.
 */

/** Where a node stands in the text, or what a policy's own tree says of that. Compared, never read. */
type Position = unknown;

export interface CommentGroup {
	readonly list: readonly Comment[];
}

interface Comment {
	readonly value: string;
}

interface Named {
	readonly name: string;
}

export interface QueryDocument {
	readonly operations: readonly OperationDefinition[];
	readonly fragments: readonly FragmentDefinition[];
}

export interface OperationDefinition extends Named {
	/** `query`, `mutation` or `subscription`; empty for a query too. */
	readonly operation: string;
	readonly variableDefinitions: readonly VariableDefinition[];
	readonly directives: readonly Directive[];
	readonly selectionSet: SelectionSet;
	readonly position?: Position;
	readonly comment?: CommentGroup | undefined;
}

export interface VariableDefinition {
	readonly variable: string;
	readonly type: Type;
	readonly defaultValue?: Value | undefined;
	readonly directives: readonly Directive[];
	readonly comment?: CommentGroup | undefined;
	definition?: Definition | undefined;
	used?: boolean;
}

export type SelectionSet = readonly Selection[];

export type Selection = Field | FragmentSpread | InlineFragment;

export interface Field extends Named {
	readonly node: "field";
	readonly alias: string;
	readonly arguments: readonly Argument[];
	readonly directives: readonly Directive[];
	readonly selectionSet: SelectionSet;
	readonly position?: Position;
	readonly comment?: CommentGroup | undefined;
	definition?: FieldDefinition | undefined;
	objectDefinition?: Definition | undefined;
}

export interface FragmentSpread extends Named {
	readonly node: "spread";
	readonly directives: readonly Directive[];
	readonly comment?: CommentGroup | undefined;
	objectDefinition?: Definition | undefined;
	definition?: FragmentDefinition | undefined;
}

export interface InlineFragment {
	readonly node: "inline";
	/** Empty for none. */
	readonly typeCondition: string;
	readonly directives: readonly Directive[];
	readonly selectionSet: SelectionSet;
	readonly position?: Position;
	readonly comment?: CommentGroup | undefined;
	objectDefinition?: Definition | undefined;
}

export interface FragmentDefinition extends Named {
	/** Variables of a fragment: read, and never looked at again. */
	readonly variableDefinition: readonly VariableDefinition[];
	readonly typeCondition: string;
	readonly directives: readonly Directive[];
	readonly selectionSet: SelectionSet;
	readonly position?: Position;
	readonly comment?: CommentGroup | undefined;
	definition?: Definition | undefined;
}

export interface Argument extends Named {
	readonly value: Value;
	readonly comment?: CommentGroup | undefined;
}

/** Numbers of the kinds of values, as trees show them. */
export const KIND = {
	variable: 0,
	int: 1,
	float: 2,
	string: 3,
	block: 4,
	boolean: 5,
	null: 6,
	enum: 7,
	list: 8,
	object: 9,
} as const;

export interface Value {
	/** What was written, strings without quotes and escapes; empty for lists and objects. */
	readonly raw: string;
	readonly children: readonly ChildValue[];
	/** One of `KIND`, or anything in a policy's own tree. */
	readonly kind: number;
	readonly position?: Position;
	readonly comment?: CommentGroup | undefined;
	definition?: Definition | undefined;
	variableDefinition?: VariableDefinition | undefined;
	expectedType?: Type | undefined;
	expectedTypeHasDefault?: boolean;
}

/** A member of an object, or an element of a list, without a name. */
export interface ChildValue extends Named {
	readonly value: Value;
	readonly comment?: CommentGroup | undefined;
}

export interface Directive extends Named {
	readonly arguments: readonly Argument[];
	parentDefinition?: Definition | undefined;
	definition?: DirectiveDefinition | undefined;
	location?: string;
}

/** A named type, or a list of `elem`. */
export interface Type {
	readonly namedType: string;
	readonly elem?: Type | undefined;
	readonly nonNull: boolean;
}

export interface SchemaDocument {
	readonly schema: readonly SchemaDefinition[];
	readonly schemaExtension: readonly SchemaDefinition[];
	readonly directives: readonly DirectiveDefinition[];
	readonly definitions: readonly Definition[];
	readonly extensions: readonly Definition[];
	readonly comment?: CommentGroup | undefined;
}

/** Comments before and after a description, and before the brace that closes the node. */
interface Described {
	readonly description: string;
	readonly beforeDescriptionComment?: CommentGroup | undefined;
	readonly afterDescriptionComment?: CommentGroup | undefined;
}

export interface SchemaDefinition extends Described {
	readonly directives: readonly Directive[];
	readonly operationTypes: readonly OperationTypeDefinition[];
	readonly endOfDefinitionComment?: CommentGroup | undefined;
}

export interface OperationTypeDefinition {
	readonly operation: string;
	readonly type: string;
	readonly comment?: CommentGroup | undefined;
}

/** `SCALAR`, `OBJECT`, `INTERFACE`, `UNION`, `ENUM` or `INPUT_OBJECT`; anything in a policy's own tree. */
export type DefinitionKind = string;

/** A type, or an extension of one. */
export interface Definition extends Described, Named {
	readonly kind: DefinitionKind;
	readonly directives: readonly Directive[];
	readonly interfaces: readonly string[];
	readonly fields: readonly FieldDefinition[];
	/** Members of a union. */
	readonly types: readonly string[];
	readonly enumValues: readonly EnumValueDefinition[];
	readonly builtIn?: boolean;
	readonly endOfDefinitionComment?: CommentGroup | undefined;
}

export interface FieldDefinition extends Described, Named {
	readonly arguments: readonly ArgumentDefinition[];
	readonly defaultValue?: Value | undefined;
	readonly type: Type;
	readonly directives: readonly Directive[];
}

export interface ArgumentDefinition extends Described, Named {
	readonly defaultValue?: Value | undefined;
	readonly type: Type;
	readonly directives: readonly Directive[];
}

export interface EnumValueDefinition extends Described, Named {
	readonly directives: readonly Directive[];
}

export interface DirectiveDefinition extends Described, Named {
	readonly arguments: readonly ArgumentDefinition[];
	readonly locations: readonly string[];
	readonly isRepeatable?: boolean;
}
