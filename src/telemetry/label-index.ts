export type Labels = Readonly<Record<string, string>>;

/** A number for every set of labels that was seen, counted from 0. */
export interface LabelIndex {
	/** Labels that are not declared are passed over; one that is missing is empty. A metric never fails the call it counts. */
	slotOf(labels: Labels): number;
	/** `a="1",b="2"` of every slot, in order. */
	readonly texts: readonly string[];
	/** Forgets every set. */
	clear(): void;
}

type Node = Map<string, Node | number>;

/** The sets are the leaves of a tree that branches by one label after the other: a look-up makes no key and no object. */
export function createLabelIndex(names: readonly string[]): LabelIndex {
	const texts: string[] = [];
	const root: Node = new Map();
	const last = names.length - 1;

	function add(labels: Labels): number {
		texts.push(labelsText(names, labels));
		return texts.length - 1;
	}

	if (last < 0) add({});
	return {
		texts,
		slotOf(labels) {
			if (last < 0) return 0;
			let node = root;
			for (let at = 0; at < last; at++) {
				const value = labels[names[at] as string] ?? "";
				let next = node.get(value) as Node | undefined;
				if (next === undefined) {
					next = new Map();
					node.set(value, next);
				}
				node = next;
			}
			const value = labels[names[last] as string] ?? "";
			const found = node.get(value) as number | undefined;
			if (found !== undefined) return found;
			const slot = add(labels);
			node.set(value, slot);
			return slot;
		},
		clear() {
			if (last < 0) return;
			texts.length = 0;
			root.clear();
		},
	};
}

/** `a="1",b="2"`. */
export function labelsText(names: readonly string[], labels: Labels = {}): string {
	return names.map((name) => `${name}="${escapeValue(labels[name] ?? "")}"`).join(",");
}

/** As the text format has it: a backslash, a quote and a line feed are escaped. */
function escapeValue(value: string): string {
	return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
