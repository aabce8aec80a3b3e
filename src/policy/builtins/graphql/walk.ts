import {
	type Argument,
	type ArgumentDefinition,
	type Definition,
	type Directive,
	type Field,
	type FragmentDefinition,
	type FragmentSpread,
	type InlineFragment,
	KIND,
	type OperationDefinition,
	type QueryDocument,
	type Selection,
	type SelectionSet,
	type Type,
	type Value,
	type VariableDefinition,
} from "./ast.ts";
import type { Fragments } from "./fragments.ts";
import type { Budget } from "./limits.ts";
import { named } from "./named.ts";
import type { Rule, Visitor } from "./rule.ts";
import { TYPENAME } from "./schema/prelude.ts";
import { rootOf, type Schema } from "./schema/schema.ts";
import { nameOf } from "./schema/type-checks.ts";

/**
 * Walks a query in gqlparser's order, which rules that remember something depend on.
 * @throws {RangeError} when it takes more than `MAX_QUERY_STEPS`.
 */
export function walkQuery(
	schema: Schema,
	document: QueryDocument,
	fragments: Fragments,
	work: Budget,
	rules: readonly Rule[],
): void {
	let current: OperationDefinition | undefined;
	let variables = new Map<string, VariableDefinition>();
	let spreadsDone = new Set<string>();
	const visitors = rules.map((rule) => rule({ schema, document, work, operation: () => current }));

	/** Tells all who want to see one kind of node. */
	const audience = <T>(event: keyof Visitor): ((node: T) => void) => {
		const listeners = visitors.flatMap((visitor) => visitor[event] ?? []) as readonly ((node: T) => void)[];
		return (node) => {
			work.spend(1);
			for (const listener of listeners) listener(node);
		};
	};
	const tell = {
		operation: audience<OperationDefinition>("operation"),
		variable: audience<VariableDefinition>("variable"),
		field: audience<Field>("field"),
		fragment: audience<FragmentDefinition>("fragment"),
		spread: audience<FragmentSpread>("spread"),
		inline: audience<InlineFragment>("inline"),
		directive: audience<Directive>("directive"),
		directives: audience<readonly Directive[]>("directives"),
		value: audience<Value>("value"),
	};

	const expect = (value: Value, type: Type, defaultValue: Value | undefined): void => {
		value.expectedType = type;
		value.expectedTypeHasDefault = defaultValue !== undefined && defaultValue.kind !== KIND.null;
		value.definition = schema.types.get(nameOf(type));
	};

	const walkValue = (value: Value): void => {
		if (value.kind === KIND.variable && current !== undefined) {
			value.variableDefinition = variables.get(value.raw);
			if (value.variableDefinition !== undefined) value.variableDefinition.used = true;
		}
		if (value.kind === KIND.object) {
			for (const { name, value: inner } of value.children) {
				const field = value.definition === undefined ? undefined : named(value.definition.fields, name);
				if (field !== undefined) expect(inner, field.type, field.defaultValue);
				walkValue(inner);
			}
		}
		if (value.kind === KIND.list) {
			for (const { value: inner } of value.children) {
				if (value.expectedType?.elem !== undefined) {
					inner.expectedType = value.expectedType.elem;
					inner.definition = value.definition;
				}
				walkValue(inner);
			}
		}
		tell.value(value);
	};

	const walkArguments = (
		given: readonly Argument[],
		definitions: readonly ArgumentDefinition[] | undefined,
	): void => {
		for (const { name, value } of given) {
			const definition = definitions === undefined ? undefined : named(definitions, name);
			if (definition !== undefined) expect(value, definition.type, definition.defaultValue);
			walkValue(value);
		}
	};

	const walkDirectives = (
		parent: Definition | undefined,
		directives: readonly Directive[],
		location: string,
	): void => {
		for (const directive of directives) {
			directive.definition = schema.directives.get(directive.name);
			directive.parentDefinition = parent;
			directive.location = location;
			walkArguments(directive.arguments, directive.definition?.arguments);
			tell.directive(directive);
		}
		tell.directives(directives);
	};

	const walkField = (field: Field, parent: Definition | undefined): void => {
		field.definition = field.name === TYPENAME.name ? TYPENAME : parent && named(parent.fields, field.name);
		field.objectDefinition = parent;
		const type = field.definition && schema.types.get(nameOf(field.definition.type));
		walkArguments(field.arguments, field.definition?.arguments);
		walkDirectives(type, field.directives, "FIELD");
		walkSelectionSet(type, field.selectionSet);
		tell.field(field);
	};

	const walkInline = (fragment: InlineFragment, parent: Definition | undefined): void => {
		fragment.objectDefinition = parent;
		const type = fragment.typeCondition === "" ? parent : schema.types.get(fragment.typeCondition);
		walkDirectives(type, fragment.directives, "INLINE_FRAGMENT");
		walkSelectionSet(type, fragment.selectionSet);
		tell.inline(fragment);
	};

	const walkSpread = (spread: FragmentSpread, parent: Definition | undefined): void => {
		const definition = fragments.get(spread.name);
		spread.definition = definition;
		spread.objectDefinition = parent;
		const type = definition && schema.types.get(definition.typeCondition);
		walkDirectives(type, spread.directives, "FRAGMENT_SPREAD");
		if (definition !== undefined && !spreadsDone.has(definition.name)) {
			spreadsDone.add(definition.name);
			walkDirectives(type, definition.directives, "FRAGMENT_DEFINITION");
			walkSelectionSet(type, definition.selectionSet);
		}
		tell.spread(spread);
	};

	const walkSelection = (selection: Selection, parent: Definition | undefined): void => {
		if (selection.node === "field") walkField(selection, parent);
		else if (selection.node === "inline") walkInline(selection, parent);
		else walkSpread(selection, parent);
	};

	const walkSelectionSet = (parent: Definition | undefined, set: SelectionSet): void => {
		for (const selection of set) walkSelection(selection, parent);
	};

	const walkOperation = (operation: OperationDefinition): void => {
		current = operation;
		variables = new Map();
		for (const variable of operation.variableDefinitions) {
			const { type, defaultValue } = variable;
			variables.set(variable.variable, variable);
			variable.definition = schema.types.get(nameOf(type));
			tell.variable(variable);
			if (defaultValue !== undefined) {
				defaultValue.expectedType = type;
				defaultValue.definition = variable.definition;
			}
		}
		for (const { definition, defaultValue, directives } of operation.variableDefinitions) {
			if (defaultValue !== undefined) walkValue(defaultValue);
			walkDirectives(definition, directives, "VARIABLE_DEFINITION");
		}
		const root = rootOf(schema, operation.operation);
		walkDirectives(root, operation.directives, (operation.operation || "query").toUpperCase());
		walkSelectionSet(root, operation.selectionSet);
		tell.operation(operation);
		current = undefined;
	};

	for (const operation of document.operations) {
		spreadsDone = new Set();
		walkOperation(operation);
	}
	for (const fragment of document.fragments) {
		spreadsDone = new Set();
		fragment.definition = schema.types.get(fragment.typeCondition);
		walkDirectives(fragment.definition, fragment.directives, "FRAGMENT_DEFINITION");
		walkSelectionSet(fragment.definition, fragment.selectionSet);
		tell.fragment(fragment);
	}
}
