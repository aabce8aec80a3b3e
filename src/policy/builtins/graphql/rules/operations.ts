import type { SelectionSet } from "../ast.ts";
import { GraphqlError } from "../graphql-error.ts";
import type { Budget } from "../limits.ts";
import type { Rule } from "../rule.ts";
import { rootOf } from "../schema/schema.ts";
import { unusable } from "../unusable.ts";

const KNOWN: ReadonlySet<string> = new Set(["query", "", "mutation", "subscription"]);

export const knownRootType: Rule = ({ schema }) => ({
	operation({ operation }) {
		if (!KNOWN.has(operation)) throw unusable("an operation that is none");
		if (rootOf(schema, operation) === undefined) throw new GraphqlError(`no ${operation} in the schema`);
	},
});

export const loneAnonymousOperation: Rule = ({ document }) => ({
	operation({ name }) {
		if (name === "" && document.operations.length > 1) throw new GraphqlError("an operation needs a name");
	},
});

export const uniqueOperationNames: Rule = () => {
	const seen = new Set<string>();
	return {
		operation({ name }) {
			if (seen.has(name)) throw new GraphqlError(`two operations ${name}`);
			seen.add(name);
		},
	};
};

/** Names of the fields at the top, those in fragments among them. */
function topFields(set: SelectionSet, work: Budget): ReadonlySet<string> {
	const names = new Set<string>();
	const spreads = new Set<string>();
	const visit = (inner: SelectionSet): void => {
		work.spend(inner.length);
		for (const selection of inner) {
			if (selection.node === "field") names.add(selection.name);
			else if (selection.node === "inline") visit(selection.selectionSet);
			else if (selection.definition !== undefined && !spreads.has(selection.name)) {
				spreads.add(selection.name);
				visit(selection.definition.selectionSet);
			}
		}
	};
	visit(set);
	return names;
}

/** A subscription is to one field, and not to the schema. */
export const singleFieldSubscriptions: Rule = ({ schema, work }) => ({
	operation({ operation, selectionSet }) {
		if (schema.subscription === undefined || operation !== "subscription") return;
		const fields = topFields(selectionSet, work);
		if (fields.size > 1) throw new GraphqlError("a subscription to several fields");
		for (const name of fields)
			if (name.startsWith("__")) throw new GraphqlError("a subscription to the schema");
	},
});
