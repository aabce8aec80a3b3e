import { compareTerms } from "../term/compare.ts";
import { isArray, isObject, type Term } from "../term/term.ts";
import { MAX_ITEMS, tooLarge } from "./bounds.ts";
import type { Builtin } from "./builtin.ts";
import { type EditTree, editTree, PatchError } from "./edit-tree.ts";

/** `/`-separated names, all leading slashes dropped, or an array of keys. */
function readPath(path: Term): readonly Term[] {
	if (isArray(path)) return path.items;
	if (typeof path !== "string") throw new PatchError("a path of a wrong type");
	if (path === "") return [];
	return path
		.replace(/^\/+/, "")
		.split("/")
		.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function attribute(operation: ReadonlyMap<Term, Term>, name: string): Term {
	const value = operation.get(name);
	if (value === undefined) throw new PatchError(`no attribute ${name}`);
	return value;
}

function apply(tree: EditTree, operation: ReadonlyMap<Term, Term>): void {
	const pathTerm = attribute(operation, "path");
	const op = attribute(operation, "op");
	if (typeof op !== "string") throw new PatchError("an op that is no string");
	const path = readPath(pathTerm);
	if (op === "add") tree.insertAt(path, attribute(operation, "value"));
	else if (op === "remove") tree.removeAt(path);
	else if (op === "replace") {
		tree.removeAt(path);
		tree.insertAt(path, attribute(operation, "value"));
	} else if (op === "move" || op === "copy") {
		const from = readPath(attribute(operation, "from"));
		const value = tree.at(from);
		if (op === "move") tree.removeAt(from);
		tree.insertAt(path, value);
	} else if (op !== "test") throw new PatchError("an unknown op");
	else if (compareTerms(tree.at(path), attribute(operation, "value")) !== 0)
		throw new PatchError("another value");
}

/** Values in a term, shared ones counted each time: copies of copies grow without bound. */
function sizeOf(term: Term, known: Map<object, number>): number {
	if (typeof term !== "object" || term === null || term.kind === "number") return 1;
	const before = known.get(term);
	if (before !== undefined) return before;
	const parts = term.kind === "object" ? term.entries.flat() : term.items;
	const size = parts.reduce((sum, part) => sum + sizeOf(part, known), 1);
	known.set(term, size);
	return size;
}

const patch: Builtin = ([value, operations]) => {
	if (value === undefined || !isArray(operations)) return undefined;
	try {
		const tree = editTree(value);
		for (const operation of operations.items) {
			if (!isObject(operation)) throw new PatchError("an operation that is no object");
			apply(tree, new Map(operation.entries));
			if (sizeOf(tree.at([]), new Map()) > MAX_ITEMS) throw tooLarge("json.patch");
		}
		return tree.at([]);
	} catch (thrown) {
		if (thrown instanceof PatchError) return undefined;
		throw thrown;
	}
};

export const patchBuiltins: Readonly<Record<string, Builtin>> = { "json.patch": patch };
