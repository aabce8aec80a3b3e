import { GraphqlError } from "../graphql-error.ts";
import { leavesFirst } from "../topological-order.ts";
import type { Schema } from "./schema.ts";

/** @throws {GraphqlError} for input types that can have no value: each must hold another one, round in a circle. */
export function checkInputCycles({ types }: Schema): void {
	const graph = new Map<string, Set<string>>();
	for (const { kind, name, fields } of types.values()) {
		if (kind !== "INPUT_OBJECT") continue;
		// A list may be empty, whatever it is a list of.
		const held = fields.filter(({ type }) => type.nonNull && type.namedType !== "");
		graph.set(name, new Set(held.map(({ type }) => type.namedType)));
	}
	if (leavesFirst(graph) === undefined) throw new GraphqlError("input types that hold one another");
}
