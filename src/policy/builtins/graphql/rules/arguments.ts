import type { Argument, ArgumentDefinition } from "../ast.ts";
import { GraphqlError } from "../graphql-error.ts";
import { named, repeated } from "../named.ts";
import type { Rule } from "../rule.ts";

function checkKnown(given: readonly Argument[], definitions: readonly ArgumentDefinition[]): void {
	for (const { name } of given) {
		if (named(definitions, name) === undefined) throw new GraphqlError(`unknown argument ${name}`);
	}
}

export const knownArgumentNames: Rule = () => ({
	field({ arguments: given, definition, objectDefinition }) {
		if (definition !== undefined && objectDefinition !== undefined) checkKnown(given, definition.arguments);
	},
	directive({ arguments: given, definition }) {
		if (definition !== undefined) checkKnown(given, definition.arguments);
	},
});

function checkRequired(given: readonly Argument[], definitions: readonly ArgumentDefinition[]): void {
	for (const { name, type, defaultValue } of definitions) {
		if (!type.nonNull || defaultValue !== undefined) continue;
		if (named(given, name) === undefined) throw new GraphqlError(`argument ${name} is missing`);
	}
}

export const providedRequiredArguments: Rule = ({ work }) => ({
	field({ arguments: given, definition }) {
		if (definition === undefined) return;
		work.spend(definition.arguments.length);
		checkRequired(given, definition.arguments);
	},
	directive({ arguments: given, definition }) {
		if (definition === undefined) return;
		work.spend(definition.arguments.length);
		checkRequired(given, definition.arguments);
	},
});

function checkUnique(given: readonly Argument[]): void {
	if (repeated(given.map(({ name }) => name))) throw new GraphqlError("an argument is given twice");
}

export const uniqueArgumentNames: Rule = () => ({
	field: ({ arguments: given }) => checkUnique(given),
	directive: ({ arguments: given }) => checkUnique(given),
});
