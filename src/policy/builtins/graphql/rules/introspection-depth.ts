import type { SelectionSet } from "../ast.ts";
import { GraphqlError } from "../graphql-error.ts";
import type { Rule } from "../rule.ts";

const LISTS: ReadonlySet<string> = new Set(["fields", "interfaces", "possibleTypes", "inputFields"]);

const MAX_LISTS = 3;

/** A question to the schema may not go through its lists again and again: the answer would grow without end. */
export const maxIntrospectionDepth: Rule = ({ work }) => {
	/** Lists inside one another in each fragment. */
	const known = new Map<string, number>();

	const listsIn = (set: SelectionSet): number => {
		work.spend(set.length);
		let most = 0;
		for (const selection of set) {
			if (selection.node === "field") {
				most = Math.max(most, (LISTS.has(selection.name) ? 1 : 0) + listsIn(selection.selectionSet));
			} else if (selection.node === "inline") most = Math.max(most, listsIn(selection.selectionSet));
			else if (selection.definition !== undefined) {
				const { name, selectionSet } = selection.definition;
				const lists = known.get(name) ?? listsIn(selectionSet);
				known.set(name, lists);
				most = Math.max(most, lists);
			}
		}
		return most;
	};

	return {
		field({ name, selectionSet }) {
			if (name !== "__schema" && name !== "__type") return;
			if (listsIn(selectionSet) >= MAX_LISTS) throw new GraphqlError("introspection goes too deep");
		},
	};
};
