import { compareStrings } from "../../../term/compare.ts";
import type { ArgumentDefinition, Definition, DirectiveDefinition, FieldDefinition, Type } from "../ast.ts";
import { GraphqlError } from "../graphql-error.ts";
import type { Budget } from "../limits.ts";
import { repeated } from "../named.ts";
import { checkDirectiveUses, checkName } from "./check-directives.ts";
import { checkImplements } from "./check-implements.ts";
import { checkInputCycles } from "./check-input-cycles.ts";
import type { Schema } from "./schema.ts";
import { isComposite, isInput, isLeaf, nameOf } from "./type-checks.ts";

/** @throws {GraphqlError} for a type that does not exist. */
function typeOf(schema: Schema, type: Type): Definition {
	const name = nameOf(type);
	const found = schema.types.get(name);
	if (found === undefined) throw new GraphqlError(`unknown type ${name}`);
	return found;
}

/** `owner`: the directive whose arguments they are, which may not stand on them. */
function checkArguments(
	schema: Schema,
	definitions: readonly ArgumentDefinition[],
	work: Budget,
	owner?: DirectiveDefinition,
): void {
	for (const { name, type, directives } of definitions) {
		work.spend(1);
		checkName(name);
		if (!isInput(typeOf(schema, type))) throw new GraphqlError(`argument ${name} is of no input type`);
		if (owner !== undefined && directives.some((directive) => directive.name === owner.name)) {
			throw new GraphqlError(`directive ${owner.name} stands on itself`);
		}
		checkDirectiveUses(schema, directives, "ARGUMENT_DEFINITION", work);
	}
}

function checkField(schema: Schema, field: FieldDefinition, owner: Definition, work: Budget): void {
	work.spend(1);
	checkName(field.name);
	const type = typeOf(schema, field.type);
	checkArguments(schema, field.arguments, work);
	const isInputField = owner.kind === "INPUT_OBJECT";
	checkDirectiveUses(
		schema,
		field.directives,
		isInputField ? "INPUT_FIELD_DEFINITION" : "FIELD_DEFINITION",
		work,
	);
	const isOutputField = owner.kind === "OBJECT" || owner.kind === "INTERFACE";
	if ((isInputField && !isInput(type)) || (isOutputField && !isLeaf(type) && !isComposite(type))) {
		throw new GraphqlError(`field ${owner.name}.${field.name} is of the wrong kind`);
	}
}

function checkMembers(schema: Schema, definition: Definition): void {
	for (const member of definition.types) {
		if (schema.types.get(member)?.kind !== "OBJECT") throw new GraphqlError(`${member} is no object type`);
	}
	if (repeated(definition.types)) throw new GraphqlError(`${definition.name} has a member twice`);
}

const NO_ENUM_VALUES: ReadonlySet<string> = new Set(["true", "false", "null"]);

function checkEnumValues(schema: Schema, { name, enumValues }: Definition, work: Budget): void {
	for (const value of enumValues) {
		if (NO_ENUM_VALUES.has(value.name)) throw new GraphqlError(`${value.name} is no value of an enum`);
		checkDirectiveUses(schema, value.directives, "ENUM_VALUE", work);
	}
	if (enumValues.length === 0) throw new GraphqlError(`enum ${name} is empty`);
}

const WITH_FIELDS: ReadonlySet<string> = new Set(["OBJECT", "INTERFACE", "INPUT_OBJECT"]);

function checkDefinition(schema: Schema, definition: Definition, work: Budget): void {
	const { kind, name, fields, enumValues } = definition;
	work.spend(1);
	for (const field of fields) checkField(schema, field, definition, work);
	checkMembers(schema, definition);
	for (const above of definition.interfaces) checkImplements(schema, definition, above, work);
	if (WITH_FIELDS.has(kind) && fields.length === 0) throw new GraphqlError(`${name} has no field`);
	if (kind === "ENUM") checkEnumValues(schema, definition, work);
	if (repeated(fields.map((field) => field.name))) throw new GraphqlError(`${name} has a field twice`);
	if (repeated(enumValues.map((value) => value.name))) throw new GraphqlError(`${name} has a value twice`);
	if (definition.builtIn !== true) checkName(name);
	// Those of a type and of its extensions together: at each place one may stand again.
	checkDirectiveUses(schema, definition.directives, kind, work, "allowed");
}

/** In the order in which gqlparser comes to them: of two faults in a policy's own tree it is the first that counts. */
const byName = <T>(all: ReadonlyMap<string, T>): readonly T[] =>
	[...all].sort(([a], [b]) => compareStrings(a, b)).map(([, one]) => one);

/**
 * Checks all types and directives of a schema as gqlparser does: neither default values nor arguments of directives
 * are compared with their types.
 * @throws {GraphqlError} when one is not valid.
 */
export function checkSchema(schema: Schema, work: Budget): void {
	for (const definition of byName(schema.types)) checkDefinition(schema, definition, work);
	checkInputCycles(schema);
	for (const directive of byName(schema.directives)) {
		checkName(directive.name);
		checkArguments(schema, directive.arguments, work, directive);
	}
}
