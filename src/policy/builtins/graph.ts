import { compareTerms } from "../term/compare.ts";
import { distinct } from "../term/distinct.ts";
import { arrayTerm, isArray, isObject, isSet, setTerm, type Term } from "../term/term.ts";
import { MAX_ITEMS, tooLarge } from "./bounds.ts";
import type { Builtin } from "./builtin.ts";
import { regoText } from "./rego-text.ts";

const itemsOf = (term: Term | undefined): readonly Term[] => (isArray(term) || isSet(term) ? term.items : []);

const reachablePaths: Builtin = ([graph, initial]) => {
	if (!isObject(graph) || !(isArray(initial) || isSet(initial))) return undefined;
	const edges = new Map(graph.entries.map(([key, value]) => [regoText(key), value]));
	const paths: Term[] = [];
	let steps = 0;
	const commit = (path: readonly Term[]): void => {
		steps += path.length + 1;
		if (steps > MAX_ITEMS) throw tooLarge("graph.reachable_paths");
		paths.push(arrayTerm(path));
	};

	/** Follows a node: what the graph does not know ends the path before it, and so does a node that is on it. */
	const follow = (node: Term, before: readonly Term[], seen: readonly Term[]): void => {
		const next = edges.get(regoText(node));
		if (next === undefined) {
			commit(before);
			return;
		}
		const path = [...before, node];
		const neighbours = itemsOf(next);
		if (neighbours.length === 0) commit(path);
		const reached = [...seen, node];
		for (const neighbour of neighbours) {
			if (reached.some((other) => compareTerms(other, neighbour) === 0)) commit(path);
			else follow(neighbour, path, reached);
		}
	};

	for (const node of initial.items) {
		const next = edges.get(regoText(node));
		if (next === undefined) continue;
		const neighbours = itemsOf(next);
		if (neighbours.length === 0) commit([node]);
		for (const neighbour of neighbours) follow(neighbour, [node], [node]);
	}
	return setTerm(distinct(paths));
};

export const graphBuiltins: Readonly<Record<string, Builtin>> = { "graph.reachable_paths": reachablePaths };
