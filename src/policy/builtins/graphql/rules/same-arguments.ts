import { type Argument, type ChildValue, KIND, type Value } from "../ast.ts";
import type { Budget } from "../limits.ts";

const byName = (a: ChildValue, b: ChildValue): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** Members of an object in any order, elements of a list in theirs. */
function sameValue(a: Value, b: Value, work: Budget): boolean {
	work.spend(1);
	if (a.kind !== b.kind || a.raw !== b.raw || a.children.length !== b.children.length) return false;
	const isObject = a.kind === KIND.object;
	const left = isObject ? a.children.toSorted(byName) : a.children;
	const right = isObject ? b.children.toSorted(byName) : b.children;
	return left.every((child, i) => {
		const other = right[i] as ChildValue;
		return child.name === other.name && sameValue(child.value, other.value, work);
	});
}

/** Whether two lists of arguments are the same but for their order; values count as they are written. */
export function sameArguments(a: readonly Argument[], b: readonly Argument[], work: Budget): boolean {
	if (a.length !== b.length) return false;
	work.spend(a.length * b.length);
	return a.every((one) =>
		b.some((other) => one.name === other.name && sameValue(one.value, other.value, work)),
	);
}
