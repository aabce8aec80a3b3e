/**
 * The keys of a graph in an order in which each comes after all that it leads to; `undefined` for one with a cycle.
 * What no key stands for is left out. Takes no stack, however long the paths are.
 */
export function leavesFirst(graph: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] | undefined {
	const sources = new Map<string, string[]>([...graph.keys()].map((key) => [key, []]));
	const open = new Map<string, number>();
	for (const [key, targets] of graph) {
		let count = 0;
		for (const target of targets) {
			const known = sources.get(target);
			if (known === undefined) continue;
			known.push(key);
			count++;
		}
		open.set(key, count);
	}
	const order = [...graph.keys()].filter((key) => open.get(key) === 0);
	for (const key of order) {
		for (const source of sources.get(key) ?? []) {
			const left = (open.get(source) ?? 0) - 1;
			open.set(source, left);
			if (left === 0) order.push(source);
		}
	}
	return order.length === graph.size ? order : undefined;
}
