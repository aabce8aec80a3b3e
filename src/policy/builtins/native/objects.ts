import { compareTerms } from "../../term/compare.ts";
import {
	arrayTerm,
	isArray,
	isObject,
	isSet,
	numberTerm,
	type ObjectTerm,
	objectTerm,
	setTerm,
	type Term,
} from "../../term/term.ts";
import { type Builtin, ofStrings } from "../builtin.ts";
import { regoText } from "../rego-text.ts";

/** Paths joined where they begin alike; `null` where one ends. */
type PathTree = Map<string, PathTree | null>;

/** Keys of a path; a text is a JSON pointer whose slashes in front may be missing or many. */
function segments(path: Term): readonly Term[] | undefined {
	if (isArray(path)) return path.items;
	if (typeof path !== "string") return undefined;
	if (path === "") return [];
	const parts = path.replace(/^\/+/, "").split("/");
	return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function pathTree(paths: Term | undefined): PathTree | undefined {
	if (!isArray(paths) && !isSet(paths)) return undefined;
	const root: PathTree = new Map();
	for (const path of paths.items) {
		const keys = segments(path)?.map(regoText);
		if (keys === undefined) return undefined;
		const last = keys.pop();
		if (last === undefined) continue;
		let node: PathTree | null = root;
		for (const key of keys) {
			let child: PathTree | null | undefined = node.get(key);
			if (child === undefined) {
				child = new Map();
				node.set(key, child);
			}
			node = child;
			if (node === null) break;
		}
		node?.set(last, null);
	}
	return root;
}

/** What `keep` leaves of each member, in the same kind of container; indexes go by their text, as in a path. */
function mapMembers(term: Term, keep: (key: Term, value: Term) => Term | undefined): Term {
	if (isObject(term)) {
		const kept = term.entries.map(([key, value]) => [key, keep(key, value)] as const);
		return objectTerm(kept.filter((entry): entry is readonly [Term, Term] => entry[1] !== undefined));
	}
	const defined = (item: Term | undefined): item is Term => item !== undefined;
	if (isArray(term)) return arrayTerm(term.items.map((item, i) => keep(String(i), item)).filter(defined));
	if (!isSet(term)) return term;
	const items: Term[] = [];
	for (const item of term.items.map((member) => keep(member, member)).filter(defined)) {
		if (!items.some((other) => compareTerms(other, item) === 0)) items.push(item);
	}
	return setTerm(items);
}

function filter(term: Term, tree: PathTree): Term {
	return mapMembers(term, (key, value) => {
		const below = tree.get(regoText(key));
		return below === undefined ? undefined : below === null ? value : filter(value, below);
	});
}

function remove(term: Term, tree: PathTree): Term {
	return mapMembers(term, (key, value) => {
		const below = tree.get(regoText(key));
		return below === undefined ? value : below === null ? undefined : remove(value, below);
	});
}

const byPaths =
	(run: (term: Term, tree: PathTree) => Term): Builtin =>
	([object, paths]) => {
		const tree = pathTree(paths);
		return isObject(object) && tree !== undefined ? run(object, tree) : undefined;
	};

/** The later wins, and two objects are joined. */
function union(a: ObjectTerm, b: ObjectTerm): ObjectTerm {
	const entries = [...a.entries];
	for (const [key, value] of b.entries) {
		const at = entries.findIndex(([name]) => compareTerms(name, key) === 0);
		const old = entries[at]?.[1];
		if (at < 0) entries.push([key, value]);
		else entries[at] = [key, isObject(old) && isObject(value) ? union(old, value) : value];
	}
	return objectTerm(entries) as ObjectTerm;
}

const unionAll: Builtin = ([objects]) => {
	if (!isArray(objects) || !objects.items.every(isObject)) return undefined;
	return (objects.items as readonly ObjectTerm[]).reduce(union, { kind: "object", entries: [] });
};

/** In code points; nothing is not searched for. */
function indexOf(text: string, part: string): Term | undefined {
	if (part === "") return undefined;
	const at = text.indexOf(part);
	return numberTerm(at < 0 ? -1 : [...text.slice(0, at)].length);
}

export const nativeObjects: Readonly<Record<string, Builtin>> = {
	indexof: ofStrings(indexOf),
	"json.filter": byPaths(filter),
	"json.remove": byPaths(remove),
	"object.union_n": unionAll,
};
