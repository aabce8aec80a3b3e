import type { Definition, DirectiveDefinition, SchemaDefinition, SchemaDocument } from "../ast.ts";
import { GraphqlError } from "../graphql-error.ts";
import { type Budget, budget, MAX_SCHEMA_STEPS } from "../limits.ts";
import { checkSchema } from "./check.ts";
import { checkDirectiveUses } from "./check-directives.ts";
import { INTROSPECTION, prelude } from "./prelude.ts";
import type { Schema } from "./schema.ts";

/** Directives that a schema may define although every schema has them. */
const REDEFINABLE: ReadonlySet<string> = new Set([
	"include",
	"skip",
	"deprecated",
	"specifiedBy",
	"defer",
	"oneOf",
]);

const NOTHING: Omit<Definition, "kind" | "name"> = {
	description: "",
	directives: [],
	interfaces: [],
	fields: [],
	types: [],
	enumValues: [],
};

/** Types by their names, each with all that extensions add to it. An extension may be all that there is of a type. */
function collectTypes(document: SchemaDocument): Map<string, Definition> {
	const types = new Map<string, Definition>();
	for (const definition of [...prelude().definitions, ...document.definitions]) {
		if (types.has(definition.name)) throw new GraphqlError(`type ${definition.name} is declared twice`);
		types.set(definition.name, definition);
	}
	const extensions = new Map<string, Definition[]>();
	for (const extension of document.extensions) {
		const others = extensions.get(extension.name);
		if (others === undefined) extensions.set(extension.name, [extension]);
		else others.push(extension);
	}
	for (const [name, added] of extensions) {
		const base = types.get(name) ?? { ...NOTHING, kind: added[0]?.kind ?? "", name };
		if (added.some(({ kind }) => kind !== base.kind))
			throw new GraphqlError(`${name} is extended as another kind`);
		const parts = [base, ...added];
		types.set(name, {
			...base,
			directives: parts.flatMap((part) => part.directives),
			interfaces: parts.flatMap((part) => part.interfaces),
			fields: parts.flatMap((part) => part.fields),
			types: parts.flatMap((part) => part.types),
			enumValues: parts.flatMap((part) => part.enumValues),
		});
	}
	return types;
}

function collectDirectives(document: SchemaDocument): Map<string, DirectiveDefinition> {
	const directives = new Map<string, DirectiveDefinition>();
	for (const directive of [...prelude().directives, ...document.directives]) {
		if (directives.has(directive.name) && !REDEFINABLE.has(directive.name)) {
			throw new GraphqlError(`directive ${directive.name} is declared twice`);
		}
		directives.set(directive.name, directive);
	}
	return directives;
}

function possibleTypesOf(types: ReadonlyMap<string, Definition>): Map<string, Set<string>> {
	const possible = new Map<string, Set<string>>();
	const add = (name: string, type: string): void => {
		const known = possible.get(name);
		if (known === undefined) possible.set(name, new Set([type]));
		else known.add(type);
	};
	for (const { kind, name, interfaces, types: members } of types.values()) {
		if (kind === "UNION") for (const member of members) add(name, member);
		if (kind === "OBJECT" || kind === "INPUT_OBJECT") add(name, name);
		if (kind === "OBJECT" || kind === "INPUT_OBJECT" || kind === "INTERFACE") {
			for (const above of interfaces) add(above, name);
		}
	}
	return possible;
}

/** Names of the root types by operation. Without a definition of the schema they are found by their usual names. */
function rootsOf(document: SchemaDocument, schema: Schema, work: Budget): ReadonlyMap<string, string> {
	const roots = new Map<string, string>();
	const read = ({ operationTypes, directives }: SchemaDefinition): void => {
		for (const { operation, type } of operationTypes) {
			if (!schema.types.has(type)) throw new GraphqlError(`the root type ${type} does not exist`);
			roots.set(operation, type);
		}
		checkDirectiveUses(schema, directives, "SCHEMA", work);
	};
	if (document.schema.length > 1) throw new GraphqlError("the schema is defined twice");
	document.schema.forEach(read);
	document.schemaExtension.forEach(read);
	if (document.schema.length === 0) {
		for (const [operation, type] of [
			["query", "Query"],
			["mutation", "Mutation"],
			["subscription", "Subscription"],
		] as const) {
			if (!roots.has(operation) && schema.types.has(type)) roots.set(operation, type);
		}
	}
	return roots;
}

/**
 * Puts a schema together and checks it as gqlparser does.
 * @throws {GraphqlError} when it is not valid.
 * @throws {RangeError} when that takes more than `MAX_SCHEMA_STEPS`.
 */
export function buildSchema(document: SchemaDocument): Schema {
	const work = budget(MAX_SCHEMA_STEPS);
	const types = collectTypes(document);
	const directives = collectDirectives(document);
	const possibleTypes = possibleTypesOf(types);
	const bare: Schema = { types, directives, possibleTypes };
	const roots = rootsOf(document, bare, work);
	checkSchema(bare, work);
	// Whatever the query's root is, a scalar too, can be asked for the schema from now on.
	const query = types.get(roots.get("query") ?? "");
	if (roots.has("query") && query !== undefined) {
		types.set(query.name, { ...query, fields: [...query.fields, ...INTROSPECTION] });
	}
	const root = (operation: string): Definition | undefined => {
		const name = roots.get(operation);
		return name === undefined ? undefined : types.get(name);
	};
	return { ...bare, query: root("query"), mutation: root("mutation"), subscription: root("subscription") };
}
