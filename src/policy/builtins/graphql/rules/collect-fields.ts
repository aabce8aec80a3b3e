import type { Field, FragmentSpread, SelectionSet } from "../ast.ts";
import type { Budget } from "../limits.ts";

/** Fields by the names that they get in the answer, in the order of their first places. */
export type FieldsByName = ReadonlyMap<string, readonly Field[]>;

/** What a selection set asks for itself, inline fragments included, and which fragments it spreads. */
export interface Collected {
	readonly fields: FieldsByName;
	readonly spreads: readonly FragmentSpread[];
}

export function collectFields(set: SelectionSet, work: Budget): Collected {
	const fields = new Map<string, Field[]>();
	const spreads: FragmentSpread[] = [];
	const visit = (inner: SelectionSet): void => {
		work.spend(inner.length);
		for (const selection of inner) {
			if (selection.node === "spread") spreads.push(selection);
			else if (selection.node === "inline") visit(selection.selectionSet);
			else {
				const name = selection.alias === "" ? selection.name : selection.alias;
				const others = fields.get(name);
				if (others === undefined) fields.set(name, [selection]);
				else others.push(selection);
			}
		}
	};
	visit(set);
	return { fields, spreads };
}
