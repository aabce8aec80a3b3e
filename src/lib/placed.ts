/** Where something stands in a file, from 1; columns count UTF-16 code units. */
export interface Place {
	readonly file: string;
	readonly line: number;
	readonly column: number;
}

/** A tree of values that know where they stand. Nodes may be shared: an anchor's node is each of its aliases. */
export type Placed = PlacedMap | PlacedList | PlacedScalar;

export interface PlacedMap {
	readonly kind: "map";
	readonly place: Place;
	/** In the order of the file; keys are unique. */
	readonly entries: readonly PlacedEntry[];
}

export interface PlacedEntry {
	readonly key: string;
	/** Of the key. */
	readonly place: Place;
	readonly value: Placed;
}

export interface PlacedList {
	readonly kind: "list";
	readonly place: Place;
	readonly items: readonly Placed[];
}

export interface PlacedScalar {
	readonly kind: "scalar";
	readonly place: Place;
	readonly value: string | number | boolean | null;
	/** Of a literal block (`|`): where its text begins, so that what stands in it can be pointed at. */
	readonly inside?: { readonly line: number; readonly column: number };
	/** A place to fill in (`${NAME}`, `{{ … }}`) stands here: nobody knows the value yet. */
	readonly open?: true;
}
