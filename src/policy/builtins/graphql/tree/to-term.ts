import { wellFormed } from "../../../term/byte-string.ts";
import { arrayTerm, numberTerm, objectTerm, type Term } from "../../../term/term.ts";
import type { QueryDocument, SchemaDocument, Selection } from "../ast.ts";
import { MISSING } from "../unusable.ts";
import {
	fieldShape,
	inlineShape,
	queryDocumentShape,
	type Shape,
	type StructShape,
	schemaDocumentShape,
	spreadShape,
} from "./shapes.ts";

const SELECTIONS = { field: fieldShape, spread: spreadShape, inline: inlineShape } as const;

/** The list without what is left out of it; `undefined` when nothing stays. */
function list(items: readonly (Term | undefined)[]): Term | undefined {
	const kept = items.filter((item) => item !== undefined);
	return kept.length === 0 ? undefined : arrayTerm(kept);
}

function valueTerm(value: unknown, shape: Shape): Term | undefined {
	switch (shape.type) {
		case "text":
			return wellFormed((value ?? "") as string);
		case "flag":
			return (value ?? false) as boolean;
		case "count":
			return numberTerm((value ?? 0) as number);
		case "names":
			return list(((value ?? []) as readonly string[]).map(wellFormed));
		case "selections":
			return list((value as readonly Selection[]).map((item) => structTerm(item, SELECTIONS[item.node])));
		case "one":
			return value === undefined ? undefined : structTerm(value as object, shape.of());
		case "many":
			return list(((value ?? []) as readonly object[]).map((item) => structTerm(item, shape.of())));
	}
}

/** Without positions, absent members and what is empty; `undefined` when nothing stays. */
function structTerm(node: object, { members }: StructShape): Term | undefined {
	if (node === MISSING) return undefined;
	const entries: [Term, Term][] = [];
	for (const { name, property, shape } of members) {
		if (name === "Position") continue;
		const term = valueTerm((node as Readonly<Record<string, unknown>>)[property], shape);
		if (term !== undefined) entries.push([name, term]);
	}
	return entries.length === 0 ? undefined : objectTerm(entries);
}

const EMPTY = objectTerm([]);

/** The tree that policies get of a query. */
export const queryTerm = (document: QueryDocument): Term => structTerm(document, queryDocumentShape) ?? EMPTY;

/** The tree that policies get of a schema. */
export const schemaTerm = (document: SchemaDocument): Term =>
	structTerm(document, schemaDocumentShape) ?? EMPTY;
