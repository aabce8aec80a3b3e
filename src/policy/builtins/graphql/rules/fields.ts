import { GraphqlError } from "../graphql-error.ts";
import type { Rule } from "../rule.ts";
import { isLeaf, nameOf } from "../schema/type-checks.ts";

/** A field exists in the type that it is asked of. */
export const fieldsOnCorrectType: Rule = () => ({
	field({ name, definition, objectDefinition }) {
		if (objectDefinition === undefined || definition !== undefined) return;
		throw new GraphqlError(`no field ${name} in ${objectDefinition.name}`);
	},
});

/** What has fields is asked for some of them, and nothing else is. */
export const scalarLeafs: Rule = ({ schema }) => ({
	field({ name, definition, selectionSet }) {
		const type = definition && schema.types.get(nameOf(definition.type));
		if (type === undefined || isLeaf(type) === (selectionSet.length === 0)) return;
		throw new GraphqlError(`the selection of ${name} does not suit its type`);
	},
});
