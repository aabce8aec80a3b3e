import { KIND } from "../ast.ts";
import { GraphqlError } from "../graphql-error.ts";
import { named, repeated } from "../named.ts";
import type { Rule } from "../rule.ts";
import { isCompatible, isInput } from "../schema/type-checks.ts";

export const noUndefinedVariables: Rule = ({ operation }) => ({
	value({ kind, raw, variableDefinition }) {
		if (operation() === undefined || kind !== KIND.variable || variableDefinition !== undefined) return;
		throw new GraphqlError(`undefined variable ${raw}`);
	},
});

export const noUnusedVariables: Rule = () => ({
	operation({ variableDefinitions }) {
		for (const { variable, used } of variableDefinitions) {
			if (used !== true) throw new GraphqlError(`variable ${variable} is never used`);
		}
	},
});

export const uniqueVariableNames: Rule = () => ({
	operation({ variableDefinitions }) {
		if (repeated(variableDefinitions.map(({ variable }) => variable))) {
			throw new GraphqlError("a variable is defined twice");
		}
	},
});

export const variablesAreInputTypes: Rule = () => ({
	operation({ variableDefinitions }) {
		for (const { variable, definition } of variableDefinitions) {
			if (definition === undefined || isInput(definition)) continue;
			throw new GraphqlError(`variable ${variable} is of no input type`);
		}
	},
});

/** A variable's type suits the place where it stands. */
export const variablesInAllowedPosition: Rule = ({ operation }) => ({
	value({ kind, raw, expectedType, expectedTypeHasDefault, variableDefinition }) {
		if (kind !== KIND.variable || operation() === undefined) return;
		if (expectedType === undefined || variableDefinition === undefined) return;
		const { defaultValue, type } = variableDefinition;
		const mayBeNull =
			expectedTypeHasDefault === true || (defaultValue !== undefined && defaultValue.kind !== KIND.null);
		const wanted = mayBeNull ? { ...expectedType, nonNull: false } : expectedType;
		if (!isCompatible(type, wanted)) throw new GraphqlError(`variable ${raw} is of another type`);
	},
});

/** Of an input type of which one member is to be given, a variable for that member cannot be null. */
export const variablesInOneOf: Rule = () => ({
	value({ kind, children, definition }) {
		if (kind !== KIND.object || definition === undefined) return;
		if (named(definition.directives, "oneOf") === undefined) return;
		for (const { value } of children) {
			if (value.kind !== KIND.variable || value.variableDefinition === undefined) continue;
			if (!value.variableDefinition.type.nonNull) throw new GraphqlError(`variable ${value.raw} may be null`);
		}
	},
});
