/** One header or trailer line of an answer. */
export interface HeaderField {
	/** Lower case, as Envoy gives it. */
	readonly name: string;
	/** The value's bytes, one character each (latin1): nothing is lost, nothing is decoded. */
	readonly value: string;
}

/** Every value of one header, in order. */
export function valuesOf(headers: readonly HeaderField[], name: string): readonly string[] {
	return headers.filter((field) => field.name === name).map((field) => field.value);
}

/** Changes of a header map; removals are done before settings (Envoy's `HeaderMutation`). */
export interface HeaderChanges {
	readonly remove: readonly string[];
	readonly set: readonly HeaderField[];
}
