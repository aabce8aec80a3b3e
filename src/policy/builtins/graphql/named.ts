interface Named {
	readonly name: string;
}

/** Below this many items a search is as fast as a look-up. */
const FEW = 8;

const indexes = new WeakMap<readonly Named[], ReadonlyMap<string, Named>>();

/** The first item of that name. A list must not change once it was searched. */
export function named<T extends Named>(list: readonly T[], name: string): T | undefined {
	if (list.length < FEW) return list.find((item) => item.name === name);
	let index = indexes.get(list);
	if (index === undefined) {
		const made = new Map<string, Named>();
		for (const item of list) if (!made.has(item.name)) made.set(item.name, item);
		index = made;
		indexes.set(list, index);
	}
	return index.get(name) as T | undefined;
}

/** A name that stands twice in a list. */
export function repeated(names: readonly string[]): boolean {
	return names.length > 1 && new Set(names).size < names.length;
}
