import { GraphqlError } from "../graphql-error.ts";
import type { Rule } from "../rule.ts";
import { nameOf } from "../schema/type-checks.ts";

export const knownTypeNames: Rule = ({ schema }) => {
	const check = (name: string): void => {
		if (!schema.types.has(name)) throw new GraphqlError(`unknown type ${name}`);
	};
	return {
		variable: ({ type }) => check(nameOf(type)),
		inline({ typeCondition }) {
			if (typeCondition !== "") check(typeCondition);
		},
		fragment: ({ typeCondition }) => check(typeCondition),
	};
};
