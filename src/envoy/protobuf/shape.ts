/** What a message is in JSON: an object of its fields, or the form that a type of `google.protobuf` has of its own. */
export type Shape =
	| "object"
	/** An object with `@type` and the fields of what is packed. */
	| "any"
	/** An object whose members are the entries of a map. */
	| "struct"
	/** An array. */
	| "list"
	/** Any JSON value. */
	| "value"
	/** A string made of the fields. */
	| "text"
	/** What its one field is. */
	| "wrapper";

const PREFIX = "google.protobuf.";
const SHAPES: ReadonlyMap<string, Shape> = new Map<string, Shape>([
	["Any", "any"],
	["Struct", "struct"],
	["ListValue", "list"],
	["Value", "value"],
	["Timestamp", "text"],
	["Duration", "text"],
	["FieldMask", "text"],
	...["Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes"].map(
		(name): [string, Shape] => [`${name}Value`, "wrapper"],
	),
]);

/** The shape of the messages of the type with this full name. */
export function shapeOf(name: string): Shape {
	return (name.startsWith(PREFIX) ? SHAPES.get(name.slice(PREFIX.length)) : undefined) ?? "object";
}
