import type { Definition } from "../ast.ts";
import { GraphqlError } from "../graphql-error.ts";
import type { Rule, Surroundings } from "../rule.ts";
import type { Schema } from "../schema/schema.ts";
import { isComposite } from "../schema/type-checks.ts";

export const fragmentsOnCompositeTypes: Rule = ({ schema }) => {
	const check = (type: Definition | undefined): void => {
		if (type !== undefined && !isComposite(type)) throw new GraphqlError(`a fragment on ${type.name}`);
	};
	return {
		inline: ({ typeCondition }) => check(schema.types.get(typeCondition)),
		fragment({ definition, typeCondition }) {
			if (typeCondition !== "") check(definition);
		},
	};
};

export const knownFragmentNames: Rule = () => ({
	spread({ name, definition }) {
		if (definition === undefined) throw new GraphqlError(`unknown fragment ${name}`);
	},
});

/** A spread in a fragment counts as well: if that fragment is never used, it is the one to fail. */
export const noUnusedFragments: Rule = () => {
	const used = new Set<string>();
	return {
		spread: ({ name }) => used.add(name),
		fragment({ name }) {
			if (!used.has(name)) throw new GraphqlError(`fragment ${name} is never used`);
		},
	};
};

export const uniqueFragmentNames: Rule = () => {
	const seen = new Set<string>();
	return {
		fragment({ name }) {
			if (seen.has(name)) throw new GraphqlError(`two fragments ${name}`);
			seen.add(name);
		},
	};
};

const NONE: ReadonlySet<string> = new Set();

/** The types that a value of this type may be of; `undefined` for a type that has no fields. */
function possibleTypes(schema: Schema, type: Definition): ReadonlySet<string> | undefined {
	if (type.kind === "OBJECT") return new Set([type.name]);
	return isComposite(type) ? (schema.possibleTypes.get(type.name) ?? NONE) : undefined;
}

function checkPossible(
	{ schema, work }: Surroundings,
	parent: Definition | undefined,
	condition: string,
): void {
	const type = schema.types.get(condition);
	if (parent === undefined || type === undefined || !isComposite(type)) return;
	const here = possibleTypes(schema, parent);
	const there = schema.possibleTypes.get(condition) ?? NONE;
	if (here === undefined) return;
	const [fewer, more] = here.size < there.size ? [here, there] : [there, here];
	work.spend(fewer.size);
	for (const name of fewer) if (more.has(name)) return;
	throw new GraphqlError(`${parent.name} is never ${condition}`);
}

/** Some value can be of both types: the one that a fragment stands in, and the one that it is for. */
export const possibleFragmentSpreads: Rule = (around) => ({
	inline: ({ objectDefinition, typeCondition }) => checkPossible(around, objectDefinition, typeCondition),
	spread({ objectDefinition, definition }) {
		if (definition !== undefined) checkPossible(around, objectDefinition, definition.typeCondition);
	},
});
