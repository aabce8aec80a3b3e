import {
	type Alias,
	type Document,
	isAlias,
	isMap,
	isNode,
	isScalar,
	isSeq,
	type Node,
	type Pair,
	parseAllDocuments,
	type YAMLMap,
} from "yaml";
import { errorMessage } from "../lib/error-message.ts";
import { lineIndex, type Position } from "../lib/line-index.ts";
import type { Place, Placed, PlacedEntry, PlacedScalar } from "../lib/placed.ts";
import { FIXED_LIMITS } from "./limits.ts";
import { exceeds, tooDeep } from "./yaml-bounds.ts";

/** One thing that is wrong with the text itself. */
export interface TextProblem {
	readonly place: Place;
	readonly message: string;
}

/** After so many errors of the parser the rest is what the first ones led to. */
const MAX_ERRORS = 5;
/** Keys that stand twice are mistakes of their own. */
const MAX_PROBLEMS = 50;

export interface DocumentsReading {
	/** Each document that is not empty; one with errors too, as far as it could be read. */
	readonly documents: readonly Placed[];
	readonly problems: readonly TextProblem[];
}

/**
 * Reads a stream of YAML documents, JSON among them, as trees that know where each value stands. Never throws: what
 * is wrong is a problem. Anchors share their node, so an alias costs nothing, but is counted with all that it stands
 * for. `<<` merges as Kubernetes merges. Places to fill in (`${NAME}`) may stand wherever a value may.
 */
export function readDocuments(text: string, file: string): DocumentsReading {
	return readAt(text, ({ line, column }) => ({ file, line, column }));
}

/** As {@link readDocuments}, for YAML that stands as text in another document; places are those of the outer file. */
export function readInner({ value, place, inside }: PlacedScalar): DocumentsReading {
	return readAt(String(value), ({ line, column }) =>
		inside === undefined
			? place
			: { file: place.file, line: inside.line + line - 1, column: inside.column + column - 1 },
	);
}

function readAt(text: string, placeOf: (position: Position) => Place): DocumentsReading {
	// The parser's own counter of lines misses some in text that is no YAML.
	const positionOf = lineIndex(text);
	const problems: TextProblem[] = [];
	const at = (offset: number): Place => placeOf(positionOf(offset));
	const template = hidePlaceholders(text);
	const beyond = exceeds(template.text);
	if (beyond !== undefined) {
		return { documents: [], problems: [{ place: at(beyond.offset), message: beyond.message }] };
	}
	let documents: readonly Document[];
	try {
		const parsed = parseAllDocuments(template.text, {
			version: "1.2",
			// The parser's own search for repeated keys takes the square of a map's size; `map` below does it.
			uniqueKeys: false,
			prettyErrors: false,
			logLevel: "error",
		});
		documents = Array.isArray(parsed) ? parsed : [];
	} catch (thrown) {
		return { documents: [], problems: [{ place: at(0), message: whyNot(thrown) }] };
	}
	const read: Placed[] = [];
	const budget = { left: FIXED_LIMITS.envoy_file_nodes.value };
	for (const document of documents) {
		for (const error of document.errors) {
			if (problems.length < MAX_ERRORS)
				problems.push({ place: at(error.pos[0]), message: firstLine(error.message) });
		}
		if (document.contents === null) continue;
		try {
			const tree = build(document, { text, at, isOpen: template.isOpen, budget, problems });
			if (!(tree.kind === "scalar" && tree.value === null)) read.push(tree);
		} catch (thrown) {
			const place = thrown instanceof Excess ? thrown.place : at(document.range?.[0] ?? 0);
			problems.push({ place, message: whyNot(thrown) });
		}
	}
	return { documents: read, problems };
}

/** More of something than a limit allows. */
class Excess extends Error {
	readonly place: Place;

	constructor(place: Place, message: string) {
		super(message);
		this.place = place;
	}
}

function whyNot(thrown: unknown): string {
	// What the parser's own recursion cannot take is far beyond the limit.
	if (thrown instanceof RangeError) return tooDeep();
	return firstLine(errorMessage(thrown));
}

/** The parser quotes what it stumbled over, however long. */
function firstLine(message: string): string {
	const line = message.split("\n", 1)[0] ?? message;
	return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}

/** A node, how many values it stands for with all aliases written out, and how deep it goes. */
interface Built {
	readonly node: Placed;
	readonly size: number;
	readonly levels: number;
}

interface Builder {
	readonly text: string;
	readonly at: (offset: number) => Place;
	readonly isOpen: (start: number, end: number) => boolean;
	readonly budget: { left: number };
	readonly problems: TextProblem[];
}

function build(document: Document, { text, at, isOpen, budget, problems }: Builder): Placed {
	const anchors = new Map<string, Built>();

	function fits(built: Built): Built {
		if (built.levels > FIXED_LIMITS.envoy_file_levels.value) throw new Excess(built.node.place, tooDeep());
		if (built.size > budget.left) {
			const limit = FIXED_LIMITS.envoy_file_nodes.value;
			throw new Excess(
				built.node.place,
				`more than ${limit} values, each alias counted with all it stands for`,
			);
		}
		return built;
	}

	function visit(node: unknown, level: number): Built {
		const place = at(isNode(node) ? (node.range?.[0] ?? 0) : 0);
		if (level > FIXED_LIMITS.envoy_file_levels.value) throw new Excess(place, tooDeep());
		if (isAlias(node)) return target(node, place);
		const built = fits(content(node, place, level));
		const anchor = isNode(node) && "anchor" in node ? node.anchor : undefined;
		if (anchor !== undefined) anchors.set(anchor, built);
		return built;
	}

	function target(alias: Alias, place: Place): Built {
		const found = anchors.get(alias.source);
		// An unknown anchor is an error of the parser already; one that is still open stands inside itself.
		if (found === undefined)
			throw new Excess(place, `the alias *${alias.source} stands for nothing before it`);
		return found;
	}

	function content(node: unknown, place: Place, level: number): Built {
		if (isMap(node)) return map(node, place, level);
		if (isSeq(node)) {
			let size = 1;
			let levels = 0;
			const items = node.items.map((item) => {
				const built = visit(item, level + 1);
				size += built.size;
				levels = Math.max(levels, built.levels);
				return built.node;
			});
			return { node: { kind: "list", place, items }, size, levels: levels + 1 };
		}
		return { node: scalar(node, place), size: 1, levels: 1 };
	}

	function map(node: YAMLMap, place: Place, level: number): Built {
		let size = 1;
		let levels = 0;
		const entries = new Map<string, PlacedEntry>();
		const merged: Built[] = [];
		for (const pair of node.items) {
			const key = keyText(pair);
			const built = visit(pair.value, level + 1);
			size += built.size;
			levels = Math.max(levels, built.levels);
			if (key.text === "<<" && key.plain) merged.push(built);
			else {
				const where = isNode(pair.key) ? at(pair.key.range?.[0] ?? 0) : place;
				if (entries.has(key.text) && problems.length < MAX_PROBLEMS)
					problems.push({
						place: where,
						message: `the key ${firstLine(JSON.stringify(key.text))} stands here twice`,
					});
				entries.set(key.text, { key: key.text, place: where, value: built.node });
			}
		}
		for (const { node: source } of merged) {
			for (const each of source.kind === "list" ? source.items : [source]) {
				if (each.kind !== "map") continue;
				for (const entry of each.entries) if (!entries.has(entry.key)) entries.set(entry.key, entry);
			}
		}
		return { node: { kind: "map", place, entries: [...entries.values()] }, size, levels: levels + 1 };
	}

	function scalar(node: unknown, place: Place): Placed {
		if (!isScalar(node)) return { kind: "scalar", place, value: null };
		const value: unknown = node.value;
		const known =
			typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null
				? value
				: String(value);
		const [start, end] = node.range ?? [0, 0];
		const open = isOpen(start, end) || (typeof known === "string" && known.includes("{{"));
		const inside = node.type === "BLOCK_LITERAL" ? startOfBlock(text, start, place) : undefined;
		return {
			kind: "scalar",
			place,
			value: known,
			...(inside === undefined ? {} : { inside }),
			...(open ? { open } : {}),
		};
	}

	const built = visit(document.contents, 1);
	budget.left -= built.size;
	return built.node;
}

/** Where the text of a literal block begins; undefined for an empty one. */
function startOfBlock(text: string, start: number, place: Place): PlacedScalar["inside"] {
	const header = text.indexOf("\n", start);
	const first = header < 0 ? null : /^(?:[ \t]*\r?\n)*( *)\S/.exec(text.slice(header + 1, header + 10_000));
	return first === null ? undefined : { line: place.line + 1, column: (first[1] ?? "").length + 1 };
}

function keyText(pair: Pair): { readonly text: string; readonly plain: boolean } {
	const key: unknown = pair.key;
	if (isScalar(key)) {
		// `80:` and `"80":` are one key to whoever reads names.
		return {
			text: typeof key.value === "string" ? key.value : (key.source ?? String(key.value)),
			plain: key.type === "PLAIN",
		};
	}
	return { text: isNode(key) ? String(key as Node) : "", plain: false };
}

const PLACEHOLDER = /\$\{[A-Za-z_][^{}\n]*\}/g;

/** Puts a plain word of the same length in the place of each `${NAME}`, so that columns stay what they are. */
function hidePlaceholders(text: string): {
	readonly text: string;
	readonly isOpen: (start: number, end: number) => boolean;
} {
	const starts: number[] = [];
	const hidden = text.replaceAll(PLACEHOLDER, (place, offset: number) => {
		starts.push(offset);
		return `_${place.slice(1, -1).replaceAll(/[^A-Za-z0-9]/g, "_")}_`;
	});
	function isOpen(start: number, end: number): boolean {
		let low = 0;
		let high = starts.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((starts[middle] ?? 0) < start) low = middle + 1;
			else high = middle;
		}
		return (starts[low] ?? Number.POSITIVE_INFINITY) < end;
	}
	return { text: hidden, isOpen };
}
