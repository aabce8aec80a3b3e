import { compareTerms, sortTerms } from "../../term/compare.ts";
import { distinct } from "../../term/distinct.ts";
import {
	arrayTerm,
	isArray,
	isNumber,
	isObject,
	isSet,
	numberTerm,
	objectTerm,
	setTerm,
	type Term,
} from "../../term/term.ts";
import type { Builtin } from "../builtin.ts";
import { intOperand } from "../numbers.ts";

const same = (a: Term, b: Term): boolean => compareTerms(a, b) === 0;
const holds = (items: readonly Term[], item: Term): boolean => items.some((other) => same(other, item));

/** Members of an array or a set. */
const itemsOf = (term: Term | undefined): readonly Term[] | undefined =>
	isArray(term) || isSet(term) ? term.items : undefined;

const count: Builtin = ([collection]) => {
	if (typeof collection === "string") return numberTerm([...collection].length);
	if (isObject(collection)) return numberTerm(collection.entries.length);
	const items = itemsOf(collection);
	return items === undefined ? undefined : numberTerm(items.length);
};

const extreme =
	(wanted: -1 | 1): Builtin =>
	([collection]) => {
		const [first, ...others] = itemsOf(collection) ?? [];
		return others.reduce(
			(best, item) => (best !== undefined && Math.sign(compareTerms(item, best)) === wanted ? item : best),
			first,
		);
	};

const ofSets =
	(run: (a: readonly Term[], b: readonly Term[]) => readonly Term[]): Builtin =>
	([a, b]) =>
		isSet(a) && isSet(b) ? setTerm(run(a.items, b.items)) : undefined;

const ofSetOfSets =
	(run: (a: readonly Term[], b: readonly Term[]) => readonly Term[]): Builtin =>
	([sets]) => {
		if (!isSet(sets)) return undefined;
		const lists = sets.items.map((set) => (isSet(set) ? set.items : undefined));
		if (lists.some((list) => list === undefined)) return undefined;
		const [first = [], ...others] = lists as readonly (readonly Term[])[];
		return setTerm(others.reduce(run, first));
	};

const union = (a: readonly Term[], b: readonly Term[]): readonly Term[] => distinct([...a, ...b]);
const intersection = (a: readonly Term[], b: readonly Term[]): readonly Term[] =>
	a.filter((item) => holds(b, item));
const difference = (a: readonly Term[], b: readonly Term[]): readonly Term[] =>
	a.filter((item) => !holds(b, item));

const slice: Builtin = ([array, from, to]) => {
	const start = intOperand(from);
	const end = intOperand(to);
	if (!isArray(array) || start === undefined || end === undefined) return undefined;
	return arrayTerm(array.items.slice(Math.max(Number(start), 0), Math.max(Number(end), 0)));
};

const flatten: Builtin = ([array]) =>
	isArray(array)
		? arrayTerm(array.items.flatMap((item) => (isArray(item) ? item.items : [item])))
		: undefined;

/** What is at a key of an object or a set, or at an index of an array. */
export function lookUp(term: Term, key: Term): Term | undefined {
	if (isObject(term)) return term.entries.find(([name]) => same(name, key))?.[1];
	if (isSet(term)) return holds(term.items, key) ? key : undefined;
	if (!isArray(term) || !isNumber(key) || !/^\d{1,15}$/.test(key.text)) return undefined;
	return term.items[Number(key.text)];
}

const get: Builtin = ([object, key, fallback]) => {
	if (!isObject(object) || key === undefined) return undefined;
	const path = isArray(key) ? key.items : [key];
	const found = path.reduce<Term | undefined>(
		(at, step) => (at === undefined ? undefined : lookUp(at, step)),
		object,
	);
	return found ?? fallback;
};

/** Keys that an array, a set or an object names. */
const keysOf = (term: Term | undefined): readonly Term[] | undefined =>
	isObject(term) ? term.entries.map(([key]) => key) : itemsOf(term);

const byKeys =
	(keep: boolean): Builtin =>
	([object, keys]) => {
		const named = keysOf(keys);
		if (!isObject(object) || named === undefined) return undefined;
		return objectTerm(object.entries.filter(([key]) => holds(named, key) === keep));
	};

function merged(a: Term, b: Term): Term {
	if (!isObject(a) || !isObject(b)) return b;
	const entries = [...a.entries];
	for (const [key, value] of b.entries) {
		const at = entries.findIndex(([name]) => same(name, key));
		const old = entries[at];
		if (old === undefined) entries.push([key, value]);
		else entries[at] = [key, merged(old[1], value)];
	}
	return objectTerm(entries);
}

/** Every value in a document with its path, itself first, in OPA's order. */
function walk(term: Term, path: readonly Term[], found: Term[]): void {
	found.push(arrayTerm([arrayTerm(path), term]));
	if (isArray(term)) {
		for (const [index, item] of term.items.entries()) walk(item, [...path, numberTerm(index)], found);
	} else if (isSet(term)) for (const item of sortTerms(term.items)) walk(item, [...path, item], found);
	else if (isObject(term)) {
		const entries = [...term.entries].sort((a, b) => compareTerms(a[0], b[0]));
		for (const [key, value] of entries) walk(value, [...path, key], found);
	}
}

const reachable: Builtin = ([graph, initial]) => {
	const queue = [...(itemsOf(initial) ?? [])];
	if (!isObject(graph) || itemsOf(initial) === undefined) return undefined;
	const found: Term[] = [];
	for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
		const edges = lookUp(graph, node);
		if (edges === undefined || holds(found, node)) continue;
		found.push(node);
		queue.push(...(itemsOf(edges) ?? []));
	}
	return setTerm(found);
};

export const collectionBuiltins: Readonly<Record<string, Builtin>> = {
	count,
	max: extreme(1),
	min: extreme(-1),
	sort: ([collection]) => {
		const items = itemsOf(collection);
		return items === undefined ? undefined : arrayTerm(sortTerms(items));
	},
	and: ofSets(intersection),
	or: ofSets(union),
	set_diff: ofSets(difference),
	intersection: ofSetOfSets(intersection),
	union: ofSetOfSets(union),
	"array.concat": ([a, b]) => (isArray(a) && isArray(b) ? arrayTerm([...a.items, ...b.items]) : undefined),
	"array.reverse": ([array]) => (isArray(array) ? arrayTerm([...array.items].reverse()) : undefined),
	"array.slice": slice,
	"array.flatten": flatten,
	"object.get": get,
	"object.keys": ([object]) => (isObject(object) ? setTerm(object.entries.map(([key]) => key)) : undefined),
	"object.filter": byKeys(true),
	"object.remove": byKeys(false),
	"object.union": ([a, b]) => (isObject(a) && isObject(b) ? merged(a, b) : undefined),
	walk: ([term]) => {
		if (term === undefined) return undefined;
		const found: Term[] = [];
		walk(term, [], found);
		return arrayTerm(found);
	},
	"graph.reachable": reachable,
};
