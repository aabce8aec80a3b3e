import { compareTerms } from "../term/compare.ts";
import { isArray, isObject, isSet, type Term } from "../term/term.ts";
import type { Builtin } from "./builtin.ts";

const same = (a: Term, b: Term): boolean => compareTerms(a, b) === 0;

const holds = (items: readonly Term[], item: Term): boolean => items.some((other) => same(other, item));

/** A contiguous run of the same elements. */
function hasRun(items: readonly Term[], run: readonly Term[]): boolean {
	for (let start = 0; start + run.length <= items.length; start++) {
		if (run.every((item, i) => same(items[start + i] as Term, item))) return true;
	}
	return false;
}

/** `undefined` for two kinds that cannot be compared. */
function subset(whole: Term, part: Term): boolean | undefined {
	if (isObject(whole) && isObject(part)) {
		return part.entries.every(([key, value]) => {
			const other = whole.entries.find(([name]) => same(name, key));
			if (other === undefined) return false;
			return subset(other[1], value) ?? same(other[1], value);
		});
	}
	if (isSet(whole) && isSet(part)) return part.items.every((item) => holds(whole.items, item));
	if (isArray(whole) && isArray(part)) return hasRun(whole.items, part.items);
	if (isArray(whole) && isSet(part)) return part.items.every((item) => holds(whole.items, item));
	return undefined;
}

export const objectBuiltins: Readonly<Record<string, Builtin>> = {
	"object.subset": ([whole, part]) =>
		whole === undefined || part === undefined ? undefined : subset(whole, part),
};
