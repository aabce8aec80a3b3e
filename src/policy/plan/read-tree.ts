import type { InputReads } from "../types.ts";

/** A place in the input; while a plan is walked, what is known to be read of it grows. */
export interface Place {
	all: boolean;
	readonly depth: number;
	readonly children: Map<string, Place>;
}

/** Below this many keys a whole subtree counts as read: no projection looks deeper than a header's name. */
const MAX_DEPTH = 8;
/** Keys under one place that are told apart. */
const MAX_CHILDREN = 1024;

export function newPlace(depth = 0): Place {
	return { all: false, depth, children: new Map() };
}

/** The place of a constant key; the place itself where everything below it is read anyway. */
export function childOf(place: Place, key: string): Place {
	if (place.all) return place;
	const known = place.children.get(key);
	if (known !== undefined) return known;
	if (place.depth >= MAX_DEPTH || place.children.size >= MAX_CHILDREN) {
		place.all = true;
		return place;
	}
	const made = newPlace(place.depth + 1);
	place.children.set(key, made);
	return made;
}

export function readsOf(place: Place): InputReads {
	if (place.all) return EVERYTHING;
	return {
		all: false,
		children: new Map([...place.children].map(([key, child]) => [key, readsOf(child)] as const)),
	};
}

export const EVERYTHING: InputReads = { all: true, children: new Map() };
