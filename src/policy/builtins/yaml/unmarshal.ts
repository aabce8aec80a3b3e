import {
	type Document,
	isAlias,
	isMap,
	isScalar,
	isSeq,
	type Pair,
	parseAllDocuments,
	type YAMLMap,
} from "yaml";
import { arrayTerm, objectTerm, type Term } from "../../term/term.ts";
import type { Scalar } from "./resolve.ts";
import { keyText, scalarTerm, scalarValue, YamlError } from "./scalar.ts";
import { goYamlRefuses } from "./strict.ts";

/** What go-yaml refuses in a text before it looks at any structure. */
const FORBIDDEN = /[^\t\n\r\x20-\x7e\u0085\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** Line breaks to go-yaml, which keeps them inside texts, and none to this host's parser. */
const SEPARATORS = /[\u2028\u2029]/;

/** Longest key, in characters. */
const MAX_KEY = 1024;

/** Of the values read, how many may come from aliases: Go-yaml's bound, from 99 % down to 10 % for large documents. */
function aliasShare(values: number): number {
	const scale = Math.min(Math.max((values - 400_000) / 3_600_000, 0), 1);
	return 0.99 - 0.89 * scale;
}

type Entries = Map<string, Term>;

/** Reads nodes of one document, counting as it goes. */
function reader(document: Document, source: string) {
	let values = 0;
	let aliased = 0;
	let aliasDepth = 0;
	const open = new Set<unknown>();

	const count = (): void => {
		values++;
		if (aliasDepth > 0) aliased++;
		if (aliased > 100 && values > 1000 && aliased / values > aliasShare(values)) {
			throw new YamlError("too many aliases");
		}
	};

	/** The node an alias stands for, or the node itself. */
	const target = (node: unknown): unknown => {
		if (!isAlias(node)) return node;
		const found = node.resolve(document);
		if (found === undefined) throw new YamlError("unknown anchor");
		return found;
	};

	const read = (node: unknown): Term => {
		count();
		if (isAlias(node)) {
			const found = target(node);
			if (open.has(found)) throw new YamlError("an anchor contains itself");
			aliasDepth++;
			const term = read(found);
			aliasDepth--;
			return term;
		}
		open.add(node);
		const term = readNode(node);
		open.delete(node);
		return term;
	};

	const readNode = (node: unknown): Term => {
		if (isScalar(node)) return scalarTerm(scalarValue(node, source));
		if (isSeq(node)) return arrayTerm(node.items.map(read));
		if (isMap(node)) return objectTerm([...entriesOf(node, hasTextKeys(node))]);
		return null;
	};

	const isMerge = (key: unknown): boolean =>
		isScalar(key) &&
		key.value === "<<" &&
		(key.tag === undefined ? key.type === "PLAIN" : key.tag === "tag:yaml.org,2002:merge");

	const keyValue = (key: unknown): Scalar => {
		const found = target(key);
		if (found === null) return null;
		if (!isScalar(found)) throw new YamlError("a key that is no scalar");
		return scalarValue(found, source);
	};

	/** Go-yaml then reads merged keys as they are written, too. */
	const hasTextKeys = (map: YAMLMap): boolean =>
		map.items.every(({ key }) => isMerge(key) || typeof keyValue(key) === "string");

	const keyName = (key: unknown, textKeys: boolean): string | undefined => {
		count();
		const [start = 0, end = 0] = isScalar(key) ? (key.range ?? []) : [];
		if (end - start > MAX_KEY) throw new YamlError("a key that go-yaml finds no colon after");
		const value = keyValue(key);
		const found = target(key);
		if (textKeys) return value === null ? undefined : isScalar(found) ? String(found.value) : "";
		if (value === null) throw new YamlError("null as a key");
		return keyText(value);
	};

	/** What a map holds; what it merges in stands behind its own members, and earlier sources before later ones. */
	const entriesOf = (map: YAMLMap, textKeys: boolean): Entries => {
		const entries: Entries = new Map();
		const sources: unknown[] = [];
		const merges = map.items.filter(({ key }) => isMerge(key));
		for (const { key, value } of map.items as readonly Pair[]) {
			if (isMerge(key)) {
				// Several merge keys are one list.
				sources.push(...(isSeq(value) ? value.items : [value]));
				continue;
			}
			const name = keyName(key, textKeys);
			const term = read(value);
			if (name !== undefined) entries.set(name, term);
		}
		if (merges.length > 0) merge(entries, sources, textKeys);
		return entries;
	};

	const merge = (entries: Entries, sources: readonly unknown[], textKeys: boolean): void => {
		for (const source of sources) {
			const map = target(source);
			if (!isMap(map) || open.has(map)) throw new YamlError("a merge of what is no map");
			open.add(map);
			for (const [name, term] of entriesOf(map, textKeys)) {
				if (!entries.has(name)) entries.set(name, term);
			}
			open.delete(map);
		}
	};

	return read;
}

/**
 * The value of the first document of a YAML text as OPA's `yaml.unmarshal` gives it.
 * @throws {YamlError} when OPA would report an error, for the documents after the first too.
 */
export function unmarshalYaml(text: string): Term {
	if (FORBIDDEN.test(text)) throw new YamlError("a character that YAML cannot hold");
	if (SEPARATORS.test(text)) throw new RangeError("yaml: U+2028 and U+2029 are supported as escapes alone");
	const source = text.replace(/\r\n?|\u0085/g, "\n");
	if (goYamlRefuses(source)) throw new YamlError("refused by go-yaml");
	const documents = parseAllDocuments(source, {
		schema: "failsafe",
		resolveKnownTags: false,
		uniqueKeys: false,
		merge: false,
		prettyErrors: false,
		logLevel: "silent",
	});
	for (const document of documents) {
		if (document.errors.length > 0) throw new YamlError("bad YAML");
	}
	const first = documents[0];
	return first === undefined ? null : reader(first, source)(first.contents);
}
