import type { PlacedMap } from "../lib/placed.ts";
import { WITH_MATCHER } from "./messages.ts";
import type { Filter } from "./model.ts";
import { fieldOf, textOf } from "./read-node.ts";
import { extensionOf, typedOf } from "./typed.ts";
import type { Flavour } from "./types.ts";

/** Reads one HttpFilter, or whatever has a name and a `typed_config` as one. */
export function readFilter(entry: PlacedMap, flavour: Flavour, whole = true): Filter {
	const name = fieldOf(entry, "name");
	const outer = extensionOf(entry);
	const wrapper = outer?.type === WITH_MATCHER ? outer.config : undefined;
	const inner = wrapper === undefined ? outer : extensionOf(fieldOf(wrapper, "extension_config")?.value);
	return {
		name: textOf(name?.value) ?? "",
		at: name?.place ?? entry.place,
		entry,
		type: inner?.type ?? "",
		...(inner === undefined ? {} : { config: inner.config }),
		...(wrapper === undefined ? {} : { wrapper }),
		flavour,
		whole,
	};
}

/** As {@link readFilter}, for a message that stands alone. */
export function filterOfMessage(node: PlacedMap, flavour: Flavour): Filter {
	const typed = typedOf(node);
	return {
		name: "",
		at: typed?.at ?? node.place,
		entry: node,
		type: typed?.type ?? "",
		...(typed === undefined ? {} : { config: typed.config }),
		flavour,
		whole: true,
	};
}
