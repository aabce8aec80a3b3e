import type { MessageType } from "../descriptors.ts";

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

const known = new WeakMap<MessageType, Shape>();

export function shapeOf(type: MessageType): Shape {
	let shape = known.get(type);
	if (shape === undefined) {
		const own = type.name.startsWith(PREFIX) ? SHAPES.get(type.name.slice(PREFIX.length)) : undefined;
		shape = own ?? "object";
		known.set(type, shape);
	}
	return shape;
}

const mixed = new WeakMap<MessageType, ReadonlySet<number>>();

/** Whether a oneof has several members, messages among them: then it matters which of them came last. */
export function isMixedOneof(type: MessageType, oneof: number): boolean {
	let found = mixed.get(type);
	if (found === undefined) {
		const fields = [...type.fields.values()];
		const withMessages = fields.filter((field) => field.message !== undefined && field.oneof !== undefined);
		found = new Set(
			withMessages
				.map((field) => field.oneof as number)
				.filter((number) => fields.filter((field) => field.oneof === number).length > 1),
		);
		mixed.set(type, found);
	}
	return found.has(oneof);
}
