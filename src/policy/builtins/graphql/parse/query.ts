import type {
	Field,
	FragmentDefinition,
	OperationDefinition,
	QueryDocument,
	Selection,
	SelectionSet,
	VariableDefinition,
} from "../ast.ts";
import { MAX_QUERY_TOKENS } from "../limits.ts";
import { type Cursor, cursorOver } from "./cursor.ts";
import { parseArguments, parseDirectives, parseType, parseValue, parseVariable } from "./value.ts";

/**
 * Reads operations and fragments as gqlparser does, variables of fragments too.
 * @throws {GraphqlError} for any other text.
 * @throws {RangeError} over `MAX_QUERY_TOKENS` or `MAX_DEPTH`.
 */
export function parseQuery(text: string): QueryDocument {
	const cursor = cursorOver(text, MAX_QUERY_TOKENS);
	const operations: OperationDefinition[] = [];
	const fragments: FragmentDefinition[] = [];
	while (!cursor.sees("end")) {
		const { kind, value } = cursor.peek();
		if (kind === "{") operations.push(parseShorthand(cursor));
		else if (kind !== "name") cursor.unexpected();
		else if (value === "fragment") fragments.push(parseFragment(cursor));
		else if (/^(?:query|mutation|subscription)$/.test(value)) operations.push(parseOperation(cursor));
		else cursor.unexpected();
	}
	return { operations, fragments };
}

/** A query without its head; a comment before it is lost. */
function parseShorthand(cursor: Cursor): OperationDefinition {
	const position = cursor.peek().at;
	const selectionSet = parseSelectionSet(cursor);
	return { operation: "query", name: "", variableDefinitions: [], directives: [], selectionSet, position };
}

function parseOperation(cursor: Cursor): OperationDefinition {
	const comment = cursor.comment();
	const { value: operation, at: position } = cursor.next();
	const name = cursor.sees("name") ? cursor.name() : "";
	const variableDefinitions = parseVariableDefinitions(cursor);
	const directives = parseDirectives(cursor, false);
	const selectionSet = parseSelectionSet(cursor);
	return { operation, name, variableDefinitions, directives, selectionSet, position, comment };
}

function parseVariableDefinitions(cursor: Cursor): readonly VariableDefinition[] {
	return cursor.some("(", ")", () => {
		const comment = cursor.comment();
		const variable = parseVariable(cursor);
		cursor.expect(":");
		const type = parseType(cursor);
		const defaultValue = cursor.skip("=") ? parseValue(cursor, true) : undefined;
		return { variable, type, defaultValue, directives: parseDirectives(cursor, false), comment };
	}).items;
}

function parseSelectionSet(cursor: Cursor): SelectionSet {
	if (!cursor.sees("{")) cursor.unexpected();
	return cursor.deeper(() => cursor.some("{", "}", () => parseSelection(cursor)).items);
}

function parseSelection(cursor: Cursor): Selection {
	return cursor.sees("...") ? parseSpread(cursor) : parseField(cursor);
}

function parseField(cursor: Cursor): Field {
	const comment = cursor.comment();
	const position = cursor.peek().at;
	const alias = cursor.name();
	const name = cursor.skip(":") ? cursor.name() : alias;
	const given = parseArguments(cursor, false);
	const directives = parseDirectives(cursor, false);
	const selectionSet = cursor.sees("{") ? parseSelectionSet(cursor) : [];
	return { node: "field", alias, name, arguments: given, directives, selectionSet, position, comment };
}

function parseSpread(cursor: Cursor): Selection {
	const comment = cursor.comment();
	cursor.expect("...");
	const position = cursor.peek().at;
	if (cursor.sees("name") && !cursor.reads("on")) {
		return { node: "spread", name: cursor.name(), directives: parseDirectives(cursor, false), comment };
	}
	let typeCondition = "";
	if (cursor.reads("on")) {
		cursor.next();
		typeCondition = cursor.name();
	}
	const directives = parseDirectives(cursor, false);
	return {
		node: "inline",
		typeCondition,
		directives,
		selectionSet: parseSelectionSet(cursor),
		position,
		comment,
	};
}

function parseFragment(cursor: Cursor): FragmentDefinition {
	const comment = cursor.comment();
	const position = cursor.next().at;
	if (cursor.reads("on")) cursor.unexpected();
	const name = cursor.name();
	const variableDefinition = parseVariableDefinitions(cursor);
	cursor.keyword("on");
	const typeCondition = cursor.name();
	const directives = parseDirectives(cursor, false);
	const selectionSet = parseSelectionSet(cursor);
	return { name, variableDefinition, typeCondition, directives, selectionSet, position, comment };
}
