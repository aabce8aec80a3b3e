import type { Automaton, State } from "./automaton.ts";
import { MASK, RELEASE, WITHHOLD } from "./automaton.ts";
import { decodeString } from "./json-text.ts";
import type { PathTreeLimits } from "./limits.ts";
import { nameSegment } from "./normal-path.ts";

/** One line of a report: a path with what became of the values there. */
export interface PathEntry {
	readonly list: "released" | "masked" | "withheld";
	readonly path: string;
	/** Name of the strategy; empty but for masked ones. */
	readonly as: string;
}

/** `scalarEntry` and its like: not numbered, the tally finds the entry by its path. */
export const LOOSE = -1;
/** As `LOOSE`, but the report is full: nobody counts. */
export const UNCOUNTED = -2;

/** A place in a body: the state of the selectors there, and the path as reports write it. */
export interface PathNode {
	readonly state: State;
	readonly path: string;
	/** Verdicts, copied from the state. */
	readonly scalar: number;
	readonly object: number;
	readonly array: number;
	readonly mixed: boolean;
	readonly indexed: boolean;
	/** Number of the entry that a scalar, an object, an array with this verdict counts under. */
	readonly scalarEntry: number;
	readonly objectEntry: number;
	readonly arrayEntry: number;
	/** Part of the tree, and so found again. */
	readonly attached: boolean;
	/** The edge that was taken first the last time; bodies repeat themselves. */
	first: Edge | null;
	edges: Map<number, Edge> | null;
	/** The node of elements whose index no selector names. */
	element: PathNode | null;
	elements: Map<State, PathNode> | null;
	/** The node of all members that are written `.*`. */
	unnamed: PathNode | null;
}

/** A member name as raw bytes (`names[start, start + length)` of the tree), and where it leads. */
export interface Edge {
	readonly start: number;
	readonly length: number;
	readonly node: PathNode;
	/** The edge that was taken after this one the last time; null for an edge that is not kept. */
	next: Edge | null;
	readonly kept: boolean;
	/** Others with the same hash. */
	readonly chain: Edge | null;
}

/** How member names are written in paths. */
export interface PathNames {
	/** `exact`: as they are. `known`: names that are neither plain nor in the directive as `.*`. */
	readonly names: "exact" | "known";
	/** Bytes of a path; what is longer is cut at a segment and ends in `..*`. */
	readonly maxBytes: number;
	/** Paths are needed for more than the report, also where nobody counts. */
	readonly always: boolean;
}

/**
 * The paths met so far. One tree serves many bodies, so that a name that was met is matched by its raw
 * bytes alone: no decoding, no allocation. It does not grow beyond its limits; places beyond them work
 * the same, slower.
 */
export interface PathTree {
	readonly root: PathNode;
	readonly entries: readonly PathEntry[];
	/** Raw bytes of all names; another array once it has grown. */
	readonly names: Uint8Array;
	/** The tree has reached a limit; the next body should start a new one. */
	readonly crowded: boolean;
	/** The edge for the raw name `b[start, end)`. `count`: whether anybody counts unknown places. */
	member(node: PathNode, b: Uint8Array, start: number, end: number, count: boolean): Edge;
	/** The node for a name that is known decoded (forms). */
	named(node: PathNode, name: string, count: boolean): PathNode;
	/** The node of members that have no name to write, as `.*`. */
	unnamed(node: PathNode, count: boolean): PathNode;
	element(node: PathNode, index: number, count: boolean): PathNode;
}

/** Longest chain of edges of one hash: a body cannot make look-ups slow by its choice of names. */
const MAX_CHAIN = 8;
/** What a path that was cut ends in. */
const CUT = "..*";
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
/** Bytes of names that a tree starts with. */
const FIRST_NAMES = 512;

export function createPathTree(automaton: Automaton, names: PathNames, limits: PathTreeLimits): PathTree {
	const entries: PathEntry[] = [];
	const entryIds = new Map<string, number>();
	const loose = new WeakMap<State, PathNode>();
	let nodes = 0;
	let nameBytes = 0;
	let nameStore = new Uint8Array(FIRST_NAMES);
	let crowded = false;

	function room(bytes: number): boolean {
		if (nodes < limits.nodes && nameBytes + bytes <= limits.nameBytes) return true;
		crowded = true;
		return false;
	}

	function entryId(verdict: number, container: boolean, path: string): number {
		if (container && verdict === RELEASE) return LOOSE;
		const entry = entryFor(verdict, path);
		const key = `${entry.list} ${entry.as} ${path}`;
		let id = entryIds.get(key);
		if (id === undefined) {
			id = entries.push(entry) - 1;
			entryIds.set(key, id);
		}
		return id;
	}

	function entryFor(verdict: number, path: string): PathEntry {
		if (verdict === RELEASE) return { list: "released", path, as: "" };
		if (verdict === WITHHOLD) return { list: "withheld", path, as: "" };
		return { list: "masked", path, as: automaton.strategies[verdict - MASK]!.as };
	}

	function makeNode(state: State, path: string, attached: boolean, unlisted: number): PathNode {
		const { scalar, object, array, mixed, indexed } = state;
		if (attached) nodes++;
		return {
			state,
			path,
			scalar,
			object,
			array,
			mixed,
			indexed,
			scalarEntry: attached ? entryId(scalar, false, path) : unlisted,
			objectEntry: attached ? entryId(object, true, path) : unlisted,
			arrayEntry: attached ? entryId(array, true, path) : unlisted,
			attached,
			first: null,
			edges: null,
			element: null,
			elements: null,
			unnamed: null,
		};
	}

	/** The node for a state when nobody counts: without a path, one per state. */
	function uncounted(state: State): PathNode {
		let node = loose.get(state);
		if (node === undefined) {
			node = makeNode(state, "", false, UNCOUNTED);
			loose.set(state, node);
		}
		return node;
	}

	function stray(state: State, path: string, count: boolean): PathNode {
		return count || names.always ? makeNode(state, path, false, LOOSE) : uncounted(state);
	}

	function extend(path: string, segment: string): string {
		if (path.endsWith(CUT)) return path;
		const longer = path + segment;
		// Room for the mark of the cut is kept, so that a path which has it fits as well.
		return names.maxBytes === Number.POSITIVE_INFINITY ||
			Buffer.byteLength(longer) + CUT.length <= names.maxBytes
			? longer
			: path + CUT;
	}

	function isWritten(name: string): boolean {
		return names.names === "exact" || PLAIN_NAME.test(name) || automaton.names.has(name);
	}

	/** All members that are written `.*` and that no selector names share one node. */
	function unnamed(node: PathNode, count: boolean): PathNode {
		if (node.unnamed !== null) return node.unnamed;
		const path = extend(node.path, ".*");
		if (!node.attached || !room(0))
			return stray(node.state.otherMember(), path, count && node.scalarEntry !== UNCOUNTED);
		node.unnamed = makeNode(node.state.otherMember(), path, true, LOOSE);
		return node.unnamed;
	}

	function member(node: PathNode, b: Uint8Array, start: number, end: number, count: boolean): Edge {
		const hash = hashBytes(b, start, end);
		let chain = 0;
		const head = node.edges?.get(hash) ?? null;
		for (let edge = head; edge !== null; edge = edge.chain) {
			if (sameBytes(nameStore, edge, b, start, end)) return edge;
			chain++;
		}
		const counted = (count || names.always) && node.scalarEntry !== UNCOUNTED;
		if (!counted && !node.state.named) return strayEdge(uncounted(node.state.otherMember()));
		const name = decodeString(b, start, end);
		if (!isWritten(name)) return strayEdge(unnamed(node, count));
		const state = node.state.member(name);
		if (!node.attached || chain >= MAX_CHAIN || !room(end - start)) {
			return strayEdge(counted ? stray(state, extend(node.path, nameSegment(name)), true) : uncounted(state));
		}
		const child = makeNode(state, extend(node.path, nameSegment(name)), true, LOOSE);
		const at = store(b, start, end);
		const edge: Edge = { start: at, length: end - start, node: child, next: null, kept: true, chain: head };
		node.edges ??= new Map();
		node.edges.set(hash, edge);
		return edge;
	}

	function store(b: Uint8Array, start: number, end: number): number {
		const at = nameBytes;
		nameBytes += end - start;
		if (nameBytes > nameStore.length) {
			const grown = new Uint8Array(Math.max(nameStore.length * 2, nameBytes));
			grown.set(nameStore);
			nameStore = grown;
		}
		nameStore.set(b.subarray(start, end), at);
		return at;
	}

	function element(node: PathNode, index: number, count: boolean): PathNode {
		const state = node.state.element(index);
		const usual = !node.indexed || state === node.state.otherElement();
		const known = usual ? node.element : node.elements?.get(state);
		if (known) return known;
		const path = extend(node.path, "[*]");
		if (!node.attached || !room(0)) return stray(state, path, count && node.scalarEntry !== UNCOUNTED);
		const made = makeNode(state, path, true, LOOSE);
		if (usual) node.element = made;
		else {
			node.elements ??= new Map();
			node.elements.set(state, made);
		}
		return made;
	}

	return {
		root: makeNode(automaton.root, "$", true, LOOSE),
		entries,
		get names() {
			return nameStore;
		},
		get crowded() {
			return crowded;
		},
		member,
		named(node, name, count) {
			const raw = Buffer.from(JSON.stringify(name));
			return member(node, raw, 1, raw.length - 1, count).node;
		},
		unnamed,
		element,
	};
}

function strayEdge(node: PathNode): Edge {
	return { start: 0, length: 0, node, next: null, kept: false, chain: null };
}

function hashBytes(b: Uint8Array, start: number, end: number): number {
	let hash = end - start;
	for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + b[i]!) | 0;
	return hash;
}

function sameBytes(names: Uint8Array, edge: Edge, b: Uint8Array, start: number, end: number): boolean {
	const length = end - start;
	if (edge.length !== length) return false;
	for (let i = 0; i < length; i++) if (names[edge.start + i] !== b[start + i]) return false;
	return true;
}
