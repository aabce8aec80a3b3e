import type { FragmentDefinition, QueryDocument, SelectionSet } from "./ast.ts";
import { GraphqlError } from "./graphql-error.ts";
import { MAX_DEPTH, overLimit } from "./limits.ts";
import { leavesFirst } from "./topological-order.ts";

export type Fragments = ReadonlyMap<string, FragmentDefinition>;

/** Fragments by name; of two of one name the first. */
export function fragmentsOf({ fragments }: QueryDocument): Fragments {
	const byName = new Map<string, FragmentDefinition>();
	for (const fragment of fragments) if (!byName.has(fragment.name)) byName.set(fragment.name, fragment);
	return byName;
}

/** How deep a selection set goes: itself, and each fragment that it spreads. */
interface Depths {
	own: number;
	readonly spreads: Map<string, number>;
}

function depthsOf(set: SelectionSet): Depths {
	const depths: Depths = { own: 0, spreads: new Map() };
	const visit = (inner: SelectionSet, depth: number): void => {
		if (inner.length === 0) return;
		depths.own = Math.max(depths.own, depth);
		for (const selection of inner) {
			if (selection.node !== "spread") visit(selection.selectionSet, depth + 1);
			else if ((depths.spreads.get(selection.name) ?? 0) < depth) depths.spreads.set(selection.name, depth);
		}
	};
	visit(set, 1);
	return depths;
}

/**
 * Whatever walks a query and follows its spreads comes to an end after this.
 * @throws {GraphqlError} for fragments that spread one another in a circle, used or not.
 * @throws {RangeError} for a query that is deeper than `MAX_DEPTH` when its fragments are put in.
 */
export function checkFragments(document: QueryDocument, fragments: Fragments): void {
	const depths = new Map([...fragments].map(([name, { selectionSet }]) => [name, depthsOf(selectionSet)]));
	const order = leavesFirst(
		new Map([...depths].map(([name, { spreads }]) => [name, new Set(spreads.keys())])),
	);
	if (order === undefined) throw new GraphqlError("fragments that spread one another");
	const whole = new Map<string, number>();
	const expanded = ({ own, spreads }: Depths): number => {
		let deepest = own;
		for (const [name, at] of spreads) deepest = Math.max(deepest, at + (whole.get(name) ?? 0));
		if (deepest > MAX_DEPTH) throw overLimit(`nested deeper than ${MAX_DEPTH}`);
		return deepest;
	};
	for (const name of order) whole.set(name, expanded(depths.get(name) as Depths));
	for (const { selectionSet } of document.operations) expanded(depthsOf(selectionSet));
}
