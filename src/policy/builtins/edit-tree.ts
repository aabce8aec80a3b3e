import { compareTerms } from "../term/compare.ts";
import { distinct } from "../term/distinct.ts";
import { arrayTerm, isNumber, objectTerm, setTerm, type Term } from "../term/term.ts";
import { intOperand } from "./numbers.ts";
import { regoText } from "./rego-text.ts";

/** A patch that OPA refuses. */
export class PatchError extends Error {}

/** A value while it is patched: containers that a path has led into are taken apart, the others are terms still. */
type Tree = LeafTree | ArrayTree | KeyedTree;

interface LeafTree {
	readonly kind: "leaf";
	readonly term: Term;
}

interface ArrayTree {
	readonly kind: "array";
	readonly original: readonly Term[];
	/** What is at each place now: an element of the original by its index there, or a tree. */
	readonly slots: (number | Tree)[];
}

interface KeyedTree {
	readonly kind: "object" | "set";
	/** By the text of the key; an element of a set is its own key. */
	readonly members: Map<string, { readonly key: Term; readonly value: Tree }>;
}

function treeOf(term: Term): Tree {
	if (typeof term !== "object" || term === null || term.kind === "number") return { kind: "leaf", term };
	if (term.kind === "array") {
		return { kind: "array", original: term.items, slots: term.items.map((_item, i) => i) };
	}
	const entries = term.kind === "object" ? term.entries : term.items.map((item) => [item, item] as const);
	const members = new Map(
		entries.map(([key, value]) => [regoText(key), { key, value: { kind: "leaf", term: value } as Tree }]),
	);
	return { kind: term.kind, members };
}

function render(tree: Tree): Term {
	switch (tree.kind) {
		case "leaf":
			return tree.term;
		case "array":
			return arrayTerm(
				tree.slots.map((slot) => (typeof slot === "number" ? (tree.original[slot] as Term) : render(slot))),
			);
		case "object":
			return objectTerm([...tree.members.values()].map(({ key, value }) => [key, render(value)] as const));
		case "set":
			return setTerm(distinct([...tree.members.values()].map(({ value }) => render(value))));
	}
}

/** The place that a path names in an array of `length` elements; `-` is the one after the last. */
function placeOf(segment: Term, length: number): number {
	if (segment === "-") return length;
	if (isNumber(segment)) return Number(intOperand(segment) ?? Number.NaN);
	if (typeof segment !== "string") return Number.NaN;
	const match = /^([+-]?)(?=.{1,19}$)([0-9]*)(?:\.0*)?$/.exec(segment);
	if (match === null || (segment !== "0" && segment.startsWith("0"))) return Number.NaN;
	return (match[1] === "-" ? -1 : 1) * Number(match[2] ?? "") + 0;
}

/** A leaf that holds a container, taken apart. */
const opened = (tree: Tree): Tree => (tree.kind === "leaf" ? treeOf(tree.term) : tree);

/** One step down; the place is a tree of its own from then on. */
function child(tree: Tree, segment: Term): Tree {
	if (tree.kind === "leaf") throw new PatchError("a path through a scalar");
	if (tree.kind === "array") {
		const place = placeOf(segment, tree.slots.length);
		const slot = tree.slots[place];
		if (slot === undefined) throw new PatchError("no such element");
		// OPA looks an element that was not edited yet up by its present place in the original array, wherever it
		// came from: after a removal that is another element.
		const source = typeof slot === "number" ? tree.original[place] : undefined;
		if (typeof slot === "number" && source === undefined) throw new PatchError("no such element");
		const next = typeof slot === "number" ? treeOf(source as Term) : opened(slot);
		tree.slots[place] = next;
		return next;
	}
	const name = regoText(segment);
	const member = tree.members.get(name);
	if (member === undefined) throw new PatchError("no such member");
	const next = opened(member.value);
	tree.members.set(name, { key: member.key, value: next });
	return next;
}

function insert(tree: Tree, segment: Term, value: Term): void {
	if (tree.kind === "leaf") throw new PatchError("an insertion into a scalar");
	if (tree.kind === "array") {
		const place = placeOf(segment, tree.slots.length);
		if (!(place >= 0 && place <= tree.slots.length)) throw new PatchError("out of bounds");
		tree.slots.splice(place, 0, { kind: "leaf", term: value });
		return;
	}
	if (tree.kind === "set" && compareTerms(segment, value) !== 0)
		throw new PatchError("a key that is no element");
	tree.members.set(regoText(segment), { key: segment, value: { kind: "leaf", term: value } });
}

function remove(tree: Tree, segment: Term): void {
	if (tree.kind === "leaf") throw new PatchError("a removal from a scalar");
	if (tree.kind === "array") {
		const place = placeOf(segment, tree.slots.length);
		if (!(place >= 0 && place < tree.slots.length)) throw new PatchError("out of bounds");
		tree.slots.splice(place, 1);
	} else if (!tree.members.delete(regoText(segment))) throw new PatchError("no such member");
}

/** A value that patches are applied to, one after the other. */
export interface EditTree {
	insertAt(path: readonly Term[], value: Term): void;
	/** @throws {RangeError} when nothing would be left: OPA stops there. */
	removeAt(path: readonly Term[]): void;
	at(path: readonly Term[]): Term;
}

export function editTree(term: Term): EditTree {
	let root: Tree | undefined = treeOf(term);

	const unfold = (path: readonly Term[]): Tree => {
		if (root === undefined) throw new RangeError("json.patch: the whole value was removed");
		return path.reduce<Tree>((tree, segment) => child(tree, segment), root);
	};
	const last = (path: readonly Term[]): Term => path.at(-1) as Term;

	return {
		insertAt(path, value) {
			if (path.length === 0) root = treeOf(value);
			else insert(unfold(path.slice(0, -1)), last(path), value);
		},
		removeAt(path) {
			if (path.length === 0) root = undefined;
			else remove(unfold(path.slice(0, -1)), last(path));
		},
		at: (path) => render(unfold(path)),
	};
}
