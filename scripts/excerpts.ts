/** Lines around a difference. */
const CONTEXT = 1;

/**
 * Of two texts that differ in few places: the lines that differ, those around them, and the lines that they are nested
 * in, so that each excerpt is still YAML. A comment stands where something was left out.
 *
 * @param mark what a marked line ends with; such lines are in the excerpt too
 */
export function excerpts(
	left: readonly string[],
	right: readonly string[],
	mark: RegExp,
): readonly [left: readonly string[], right: readonly string[]] {
	const marked = left.flatMap((line, index) => (mark.test(line) ? [index] : []));
	const plain = left.map((line) => line.replace(mark, ""));
	const same = commonLines(plain, right);
	const ofLeft = new Set(same.map(([index]) => index));
	const ofRight = new Set(same.map(([, index]) => index));
	const changedLeft = plain.flatMap((_, index) => (ofLeft.has(index) ? [] : [index]));
	const changedRight = right.flatMap((_, index) => (ofRight.has(index) ? [] : [index]));
	// Where one side only has lines more, the other shows the place where they are missing.
	const beside = (indexes: readonly number[], side: 0 | 1): readonly number[] =>
		indexes.flatMap((index) => {
			const before = same.filter((pair) => pair[side] < index).at(-1);
			const after = same.find((pair) => pair[side] > index);
			return [before, after].flatMap((pair) => pair?.[side === 0 ? 1 : 0] ?? []);
		});
	const match = (index: number): readonly number[] => same.flatMap(([a, b]) => (a === index ? [b] : []));
	return [
		excerpt(left, [...changedLeft, ...marked, ...(changedLeft.length === 0 ? beside(changedRight, 1) : [])]),
		excerpt(right, [
			...changedRight,
			...marked.flatMap(match),
			...(changedRight.length === 0 ? beside(changedLeft, 0) : []),
		]),
	];
}

/** Pairs of equal lines, in order, as many as there are. */
function commonLines(
	left: readonly string[],
	right: readonly string[],
): readonly (readonly [number, number])[] {
	const lengths: number[][] = Array.from({ length: left.length + 1 }, () =>
		new Array<number>(right.length + 1).fill(0),
	);
	for (let a = left.length - 1; a >= 0; a--) {
		for (let b = right.length - 1; b >= 0; b--) {
			const row = lengths[a];
			if (row === undefined) continue;
			row[b] =
				left[a] === right[b]
					? (lengths[a + 1]?.[b + 1] ?? 0) + 1
					: Math.max(lengths[a + 1]?.[b] ?? 0, row[b + 1] ?? 0);
		}
	}
	const pairs: (readonly [number, number])[] = [];
	let a = 0;
	let b = 0;
	while (a < left.length && b < right.length) {
		if (left[a] === right[b]) pairs.push([a++, b++]);
		else if ((lengths[a + 1]?.[b] ?? 0) >= (lengths[a]?.[b + 1] ?? 0)) a++;
		else b++;
	}
	return pairs;
}

const depthOf = (line: string): number => line.search(/[^ ]/);

/** Whether a line opens a list item: the dash counts as the item's parent. */
const isItem = (line: string): boolean => /^ *- /.test(line);

function excerpt(lines: readonly string[], wanted: readonly number[]): readonly string[] {
	const shown = new Set<number>();
	for (const index of wanted) {
		for (let near = index - CONTEXT; near <= index + CONTEXT; near++)
			if (near >= 0 && near < lines.length) shown.add(near);
	}
	for (const index of [...shown]) for (const parent of parentsOf(lines, index)) shown.add(parent);
	for (const index of [...shown]) for (const head of headOf(lines, index)) shown.add(head);
	const out: string[] = [];
	let last = -1;
	for (const index of [...shown].sort((x, y) => x - y)) {
		const line = lines[index] ?? "";
		if (index > last + 1) out.push(`${" ".repeat(Math.max(0, depthOf(line)))}# …`);
		out.push(line);
		last = index;
	}
	if (last < lines.length - 1) out.push("# …");
	return out;
}

/** What begins the document that a line is in, where there are several, and the line that says its kind. */
function headOf(lines: readonly string[], index: number): readonly number[] {
	const start = lines.slice(0, index + 1).lastIndexOf("---");
	const kind = lines.findIndex((line, at) => at > start && /^kind: /.test(line));
	const end = lines.indexOf("---", start + 1);
	const own = kind >= 0 && (end < 0 || kind < end) ? [kind] : [];
	return start < 0 ? own : [start, ...own];
}

/** The lines that a line is nested in, by indentation. */
function parentsOf(lines: readonly string[], index: number): readonly number[] {
	const parents: number[] = [];
	let depth = depthOf(lines[index] ?? "");
	let item = isItem(lines[index] ?? "");
	for (let at = index - 1; at >= 0 && depth >= 0; at--) {
		const line = lines[at] ?? "";
		if (line === "---") break;
		const its = depthOf(line);
		// `key:` and the `- ` of its items may stand in one column; so may an item's dash and its further keys.
		const holds = its < depth || (its === depth && item && !isItem(line));
		if (its < 0 || !holds) continue;
		parents.push(at);
		depth = its;
		item = isItem(line);
	}
	return parents;
}
