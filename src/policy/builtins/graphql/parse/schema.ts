import type {
	ArgumentDefinition,
	CommentGroup,
	Definition,
	DirectiveDefinition,
	EnumValueDefinition,
	FieldDefinition,
	OperationTypeDefinition,
	SchemaDefinition,
	SchemaDocument,
} from "../ast.ts";
import { MAX_SCHEMA_TOKENS } from "../limits.ts";
import { type Cursor, cursorOver } from "./cursor.ts";
import { parseDirectives, parseType, parseValue } from "./value.ts";

/** Where directives may stand. */
const LOCATIONS: ReadonlySet<string> = new Set(
	`QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT VARIABLE_DEFINITION SCHEMA
	SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION ENUM ENUM_VALUE INPUT_OBJECT
	INPUT_FIELD_DEFINITION`.split(/\s+/),
);

/** Kinds of types by the keyword that defines them. */
const KINDS: ReadonlyMap<string, string> = new Map([
	["scalar", "SCALAR"],
	["type", "OBJECT"],
	["interface", "INTERFACE"],
	["union", "UNION"],
	["enum", "ENUM"],
	["input", "INPUT_OBJECT"],
]);

interface Description {
	readonly text: string;
	readonly comment: CommentGroup | undefined;
}

const NO_DESCRIPTION: Description = { text: "", comment: undefined };

function parseDescription(cursor: Cursor): Description {
	if (!cursor.sees("string") && !cursor.sees("block")) return NO_DESCRIPTION;
	const comment = cursor.comment();
	return { text: cursor.next().value, comment };
}

/** Description and comments of a field, an argument or an enum value. An empty description takes its comment along. */
function parseDescribed(cursor: Cursor) {
	const { text, comment } = parseDescription(cursor);
	return {
		description: text,
		beforeDescriptionComment: text === "" ? undefined : comment,
		afterDescriptionComment: cursor.comment(),
	};
}

/**
 * Reads definitions and extensions as gqlparser does.
 * @throws {GraphqlError} for any other text.
 * @throws {RangeError} over `MAX_SCHEMA_TOKENS` or `MAX_DEPTH`.
 */
export function parseSchema(text: string): SchemaDocument {
	const cursor = cursorOver(text, MAX_SCHEMA_TOKENS);
	const schema: SchemaDefinition[] = [];
	const schemaExtension: SchemaDefinition[] = [];
	const directives: DirectiveDefinition[] = [];
	const definitions: Definition[] = [];
	const extensions: Definition[] = [];

	const parseExtension = (): void => {
		const comment = cursor.comment();
		cursor.keyword("extend");
		const { value } = cursor.expect("name");
		const kind = KINDS.get(value);
		if (kind !== undefined) extensions.push(parseTypeExtension(cursor, kind, comment));
		else if (value === "schema") schemaExtension.push(parseSchemaExtension(cursor, comment));
		else cursor.unexpected();
	};

	while (!cursor.sees("end")) {
		const description = parseDescription(cursor);
		if (!cursor.sees("name")) cursor.unexpected();
		const { value } = cursor.peek();
		const kind = KINDS.get(value);
		if (kind !== undefined) definitions.push(parseTypeDefinition(cursor, kind, description));
		else if (value === "schema") schema.push(parseSchemaDefinition(cursor, description));
		else if (value === "directive") directives.push(parseDirectiveDefinition(cursor, description));
		else if (value === "extend" && description.text === "") parseExtension();
		else cursor.unexpected();
	}
	return { schema, schemaExtension, directives, definitions, extensions, comment: cursor.comment() };
}

/** What stands around every definition; steps over its keyword. */
function parseHead(cursor: Cursor, { text, comment }: Description) {
	const afterDescriptionComment = cursor.comment();
	cursor.next();
	return { description: text, beforeDescriptionComment: comment, afterDescriptionComment };
}

function parseOperationTypes(cursor: Cursor) {
	const { items, comment } = cursor.some("{", "}", () => parseOperationType(cursor));
	return { operationTypes: items, endOfDefinitionComment: comment };
}

function parseOperationType(cursor: Cursor): OperationTypeDefinition {
	const comment = cursor.comment();
	const { value: operation } = cursor.peek();
	if (!/^(?:query|mutation|subscription)$/.test(operation)) cursor.unexpected();
	cursor.next();
	cursor.expect(":");
	return { operation, type: cursor.name(), comment };
}

function parseSchemaDefinition(cursor: Cursor, description: Description): SchemaDefinition {
	const head = parseHead(cursor, description);
	return { ...head, directives: parseDirectives(cursor, true), ...parseOperationTypes(cursor) };
}

function parseSchemaExtension(cursor: Cursor, comment: CommentGroup | undefined): SchemaDefinition {
	const directives = parseDirectives(cursor, true);
	const types = parseOperationTypes(cursor);
	if (directives.length + types.operationTypes.length === 0) cursor.unexpected();
	return { description: "", afterDescriptionComment: comment, directives, ...types };
}

function parseTypeDefinition(cursor: Cursor, kind: string, description: Description): Definition {
	const head = parseHead(cursor, description);
	const name = cursor.name();
	const interfaces = kind === "OBJECT" || kind === "INTERFACE" ? parseInterfaces(cursor) : [];
	const directives = parseDirectives(cursor, true);
	return { ...head, kind, name, interfaces, directives, ...parseBody(cursor, kind) };
}

/** An extension must add something. One of an interface cannot add interfaces. */
function parseTypeExtension(cursor: Cursor, kind: string, comment: CommentGroup | undefined): Definition {
	const name = cursor.name();
	const interfaces = kind === "OBJECT" ? parseInterfaces(cursor) : [];
	const directives = parseDirectives(cursor, kind !== "INPUT_OBJECT");
	const body = parseBody(cursor, kind);
	const { fields, types, enumValues } = body;
	const added = interfaces.length + directives.length + fields.length + types.length + enumValues.length;
	if (added === 0) cursor.unexpected();
	return { description: "", afterDescriptionComment: comment, kind, name, interfaces, directives, ...body };
}

type Body = Pick<Definition, "fields" | "types" | "enumValues" | "endOfDefinitionComment">;

const NO_BODY: Body = { fields: [], types: [], enumValues: [] };

function parseBody(cursor: Cursor, kind: string): Body {
	switch (kind) {
		case "OBJECT":
		case "INTERFACE": {
			const { items, comment } = cursor.some("{", "}", () => parseField(cursor));
			return { ...NO_BODY, fields: items, endOfDefinitionComment: comment };
		}
		case "INPUT_OBJECT": {
			const { items, comment } = cursor.some("{", "}", () => ({ ...parseInputValue(cursor), arguments: [] }));
			return { ...NO_BODY, fields: items, endOfDefinitionComment: comment };
		}
		case "ENUM": {
			const { items, comment } = cursor.some("{", "}", () => parseEnumValue(cursor));
			return { ...NO_BODY, enumValues: items, endOfDefinitionComment: comment };
		}
		case "UNION":
			return { ...NO_BODY, types: cursor.skip("=") ? parseNames(cursor, "|") : [] };
		default:
			return NO_BODY;
	}
}

function parseInterfaces(cursor: Cursor): readonly string[] {
	if (!cursor.reads("implements")) return [];
	cursor.next();
	return parseNames(cursor, "&");
}

/** One or more names with a separator between them, and perhaps one before. */
function parseNames(cursor: Cursor, separator: "&" | "|"): readonly string[] {
	cursor.skip(separator);
	const names = [cursor.name()];
	while (cursor.skip(separator)) names.push(cursor.name());
	return names;
}

function parseField(cursor: Cursor): FieldDefinition {
	const described = parseDescribed(cursor);
	const name = cursor.name();
	const given = parseArgumentDefinitions(cursor);
	cursor.expect(":");
	const type = parseType(cursor);
	return { ...described, name, arguments: given, type, directives: parseDirectives(cursor, true) };
}

function parseArgumentDefinitions(cursor: Cursor): readonly ArgumentDefinition[] {
	return cursor.some("(", ")", () => parseInputValue(cursor)).items;
}

function parseInputValue(cursor: Cursor): ArgumentDefinition {
	const described = parseDescribed(cursor);
	const name = cursor.name();
	cursor.expect(":");
	const type = parseType(cursor);
	const defaultValue = cursor.skip("=") ? parseValue(cursor, true) : undefined;
	return { ...described, name, type, defaultValue, directives: parseDirectives(cursor, true) };
}

function parseEnumValue(cursor: Cursor): EnumValueDefinition {
	const described = parseDescribed(cursor);
	const name = cursor.name();
	return { ...described, name, directives: parseDirectives(cursor, true) };
}

function parseDirectiveDefinition(cursor: Cursor, description: Description): DirectiveDefinition {
	const head = parseHead(cursor, description);
	cursor.expect("@");
	const name = cursor.name();
	const given = parseArgumentDefinitions(cursor);
	const isRepeatable = cursor.sees("name") && cursor.reads("repeatable");
	if (isRepeatable) cursor.next();
	cursor.keyword("on");
	const locations = parseNames(cursor, "|");
	if (!locations.every((location) => LOCATIONS.has(location))) cursor.unexpected();
	return { ...head, name, arguments: given, isRepeatable, locations };
}
