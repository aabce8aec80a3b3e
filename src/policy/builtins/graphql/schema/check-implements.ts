import type { Definition, FieldDefinition, Type } from "../ast.ts";
import { GraphqlError } from "../graphql-error.ts";
import type { Budget } from "../limits.ts";
import { named } from "../named.ts";
import type { Schema } from "./schema.ts";
import { isCompatible } from "./type-checks.ts";

/** Whether a field of type `actual` will do where an interface asks for `required`. */
function isCovariant(schema: Schema, required: Type, actual: Type): boolean {
	if (required.nonNull && !actual.nonNull) return false;
	if (required.namedType !== "") {
		if (required.namedType === actual.namedType) return true;
		return schema.possibleTypes.get(required.namedType)?.has(actual.namedType) === true;
	}
	if (required.elem === undefined || actual.elem === undefined) return false;
	return isCovariant(schema, required.elem, actual.elem);
}

function checkField(schema: Schema, required: FieldDefinition, field: FieldDefinition): void {
	const fail = (why: string): never => {
		throw new GraphqlError(`field ${field.name} ${why} of the interface's`);
	};
	if (!isCovariant(schema, required.type, field.type)) fail("is of another type than that");
	for (const { name, type } of required.arguments) {
		const argument = named(field.arguments, name);
		if (argument === undefined || !isCompatible(type, argument.type)) fail("lacks an argument");
	}
	for (const { name, type, defaultValue } of field.arguments) {
		const demanded = type.nonNull && defaultValue === undefined;
		if (demanded && named(required.arguments, name) === undefined) fail("needs an argument that is none");
	}
}

/** @throws {GraphqlError} when a type says that it implements an interface and does not. */
export function checkImplements(schema: Schema, definition: Definition, above: string, work: Budget): void {
	const wanted = schema.types.get(above);
	if (wanted?.kind !== "INTERFACE") throw new GraphqlError(`${above} is no interface`);
	for (const required of wanted.fields) {
		work.spend(1 + required.arguments.length);
		const field = named(definition.fields, required.name);
		if (field === undefined) throw new GraphqlError(`${definition.name} lacks the field ${required.name}`);
		work.spend(field.arguments.length);
		checkField(schema, required, field);
	}
	const all = new Set(definition.interfaces);
	work.spend(all.size + wanted.interfaces.length);
	if (!wanted.interfaces.every((name) => all.has(name))) {
		throw new GraphqlError(`${definition.name} implements ${above}, but not all that ${above} does`);
	}
}
