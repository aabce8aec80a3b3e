import type { Place, Placed, PlacedEntry, PlacedList, PlacedMap, PlacedScalar } from "../lib/placed.ts";

/** A value that no file holds in this form: what a control plane makes of a resource. */
export function scalarOf(place: Place, value: string | number | boolean): PlacedScalar {
	return { kind: "scalar", place, value };
}

export function listOf(place: Place, items: readonly Placed[]): PlacedList {
	return { kind: "list", place, items };
}

/** A map of values, each of which stands where its value stands. What is undefined is left out. */
export function mapWith(place: Place, fields: Readonly<Record<string, Placed | undefined>>): PlacedMap {
	const entries = Object.entries(fields).flatMap(([key, value]): PlacedEntry[] =>
		value === undefined ? [] : [{ key, place: value.place, value }],
	);
	return { kind: "map", place, entries };
}

/** An entry under another name, still pointing at where it was written. */
export function renamed(entry: PlacedEntry | undefined, value?: Placed): Placed | undefined {
	if (entry === undefined) return undefined;
	return { ...(value ?? entry.value), place: entry.place };
}
