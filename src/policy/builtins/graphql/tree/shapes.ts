/**
 * The members of gqlparser's structs in JSON. A struct is an object; `one` is a pointer to one, `many` a list of
 * pointers, `selections` a list of fields, fragment spreads and inline fragments.
 */
export type Shape =
	| { readonly type: "text" | "flag" | "count" | "names" | "selections" }
	| { readonly type: "many"; readonly of: () => StructShape }
	| { readonly type: "one"; readonly of: () => StructShape; readonly needed: boolean };

export interface Member {
	/** In JSON. */
	readonly name: string;
	/** Here. */
	readonly property: string;
	readonly shape: Shape;
}

export interface StructShape {
	readonly members: readonly Member[];
	/** Reads itself: its members by their exact names, without comments and with positions, which others leave out. */
	readonly reader: boolean;
}

const text: Shape = { type: "text" };
const flag: Shape = { type: "flag" };
const count: Shape = { type: "count" };
const names: Shape = { type: "names" };
const selections: Shape = { type: "selections" };

/** May be absent. */
const one = (of: () => StructShape): Shape => ({ type: "one", of, needed: false });

/** Followed without a look: OPA's process ends where it leads nowhere. */
const needed = (of: () => StructShape): Shape => ({ type: "one", of, needed: true });

const many = (of: () => StructShape): Shape => ({ type: "many", of });

function struct(shapes: Readonly<Record<string, Shape>>, reader = false): StructShape {
	const members = Object.entries(shapes).map(([name, shape]) => {
		return { name, property: name.charAt(0).toLowerCase() + name.slice(1), shape };
	});
	return { members, reader };
}

const source = struct({ Name: text, Input: text, BuiltIn: flag });

const position = struct({ Start: count, End: count, Line: count, Column: count, Src: one(() => source) });

const comment = struct({ Value: text, Position: one(() => position) });

const comments = struct({ List: many(() => comment) });

const typeShape: StructShape = struct({ NamedType: text, Elem: one(() => typeShape), NonNull: flag });

const value: StructShape = struct({
	Raw: text,
	Children: many(() => child),
	Kind: count,
	Comment: one(() => comments),
	Definition: one(() => definition),
	VariableDefinition: one(() => variableDefinition),
	ExpectedType: one(() => typeShape),
	ExpectedTypeHasDefault: flag,
});

const child = struct({ Name: text, Value: needed(() => value), Comment: one(() => comments) });

const argument = struct({ Name: text, Value: needed(() => value), Comment: one(() => comments) });

const directive: StructShape = struct({
	Name: text,
	Arguments: many(() => argument),
	ParentDefinition: one(() => definition),
	Definition: one(() => directiveDefinition),
	Location: text,
});

const around = {
	BeforeDescriptionComment: one(() => comments),
	AfterDescriptionComment: one(() => comments),
};

const argumentDefinition: StructShape = struct({
	Description: text,
	Name: text,
	DefaultValue: one(() => value),
	Type: needed(() => typeShape),
	Directives: many(() => directive),
	...around,
});

const fieldDefinition: StructShape = struct({
	Description: text,
	Name: text,
	Arguments: many(() => argumentDefinition),
	DefaultValue: one(() => value),
	Type: needed(() => typeShape),
	Directives: many(() => directive),
	...around,
});

const enumValue = struct({ Description: text, Name: text, Directives: many(() => directive), ...around });

const definition: StructShape = struct({
	Kind: text,
	Description: text,
	Name: text,
	Directives: many(() => directive),
	Interfaces: names,
	Fields: many(() => fieldDefinition),
	Types: names,
	EnumValues: many(() => enumValue),
	BuiltIn: flag,
	...around,
	EndOfDefinitionComment: one(() => comments),
});

const directiveDefinition: StructShape = struct({
	Description: text,
	Name: text,
	Arguments: many(() => argumentDefinition),
	Locations: names,
	IsRepeatable: flag,
	...around,
});

const operationType = struct({ Operation: text, Type: text, Comment: one(() => comments) });

const schemaDefinition = struct({
	Description: text,
	Directives: many(() => directive),
	OperationTypes: many(() => operationType),
	...around,
	EndOfDefinitionComment: one(() => comments),
});

export const schemaDocumentShape = struct({
	Schema: many(() => schemaDefinition),
	SchemaExtension: many(() => schemaDefinition),
	Directives: many(() => directiveDefinition),
	Definitions: many(() => definition),
	Extensions: many(() => definition),
	Comment: one(() => comments),
});

const variableDefinition: StructShape = struct({
	Variable: text,
	Type: needed(() => typeShape),
	DefaultValue: one(() => value),
	Directives: many(() => directive),
	Comment: one(() => comments),
	Definition: one(() => definition),
	Used: flag,
});

/** Selection sets come last, so that a struct which is none shows before they are read. */
export const fieldShape: StructShape = struct(
	{
		Alias: text,
		Name: text,
		Arguments: many(() => argument),
		Directives: many(() => directive),
		Position: one(() => position),
		Comment: one(() => comments),
		Definition: one(() => fieldDefinition),
		ObjectDefinition: one(() => definition),
		SelectionSet: selections,
	},
	true,
);

export const spreadShape: StructShape = struct({
	Name: text,
	Directives: many(() => directive),
	Comment: one(() => comments),
	ObjectDefinition: one(() => definition),
	Definition: one(() => fragmentDefinition),
});

export const inlineShape: StructShape = struct(
	{
		TypeCondition: text,
		Directives: many(() => directive),
		Position: one(() => position),
		Comment: one(() => comments),
		ObjectDefinition: one(() => definition),
		SelectionSet: selections,
	},
	true,
);

const fragmentDefinition: StructShape = struct(
	{
		Name: text,
		VariableDefinition: many(() => variableDefinition),
		TypeCondition: text,
		Directives: many(() => directive),
		Position: one(() => position),
		Comment: one(() => comments),
		Definition: one(() => definition),
		SelectionSet: selections,
	},
	true,
);

const operationDefinition = struct(
	{
		Operation: text,
		Name: text,
		VariableDefinitions: many(() => variableDefinition),
		Directives: many(() => directive),
		Position: one(() => position),
		Comment: one(() => comments),
		SelectionSet: selections,
	},
	true,
);

export const queryDocumentShape = struct({
	Operations: many(() => operationDefinition),
	Fragments: many(() => fragmentDefinition),
	Comment: one(() => comments),
});
