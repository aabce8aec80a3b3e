import { type Document, isAlias, isMap, isNode, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { errorMessage } from "../lib/error-message.ts";
import type { Finding } from "./finding.ts";

/** A parsed YAML file that still knows where everything stands. */
export interface YamlFile {
	/** Undefined when the text is no YAML; `findings` says why. */
	readonly value?: unknown;
	readonly findings: readonly Finding[];
	/** Line and column, from 1, of the key (or list item) at `path`, or of the nearest above it that exists. */
	place(path: readonly PropertyKey[]): Place;
}

export interface Place {
	readonly line?: number;
	readonly column?: number;
}

/** More repeats of anchors than a person writes are a bomb. */
const MAX_ALIASES = 50;

/** Reads YAML 1.2, one document, without custom tags; duplicate keys are errors. */
export function parseYamlFile(text: string, file: string): YamlFile {
	const lines = new LineCounter();
	const document = parseDocument(text, {
		lineCounter: lines,
		version: "1.2",
		strict: true,
		uniqueKeys: true,
		prettyErrors: false,
	});
	const findings: Finding[] = [...document.errors, ...document.warnings].map((error) => ({
		code: "config_invalid",
		file,
		...at(lines, error.pos[0]),
		message: firstLine(error.message),
	}));
	const where = {
		place: (path: readonly PropertyKey[]) => at(lines, offsetOf(document, path)),
	};
	if (findings.length > 0) return { findings, ...where };
	try {
		return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown, findings, ...where };
	} catch (thrown) {
		const message = firstLine(errorMessage(thrown));
		return { findings: [{ code: "config_invalid", file, line: 1, column: 1, message }], ...where };
	}
}

function firstLine(message: string): string {
	return message.split("\n", 1)[0] ?? message;
}

function at(lines: LineCounter, offset: number | undefined): Place {
	if (offset === undefined) return {};
	const { line, col } = lines.linePos(offset);
	return line === 0 ? {} : { line, column: col };
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
	let node = resolved(document, document.contents);
	let offset = node?.range?.[0];
	for (const segment of path) {
		const next = child(node, segment);
		if (next === undefined) return offset;
		// For a value that is a map on lines of its own, the key is what a person looks for.
		offset = next.keyOffset ?? next.node?.range?.[0] ?? offset;
		node = resolved(document, next.node);
	}
	return offset;
}

function child(
	node: Node | undefined,
	segment: PropertyKey,
): { readonly node: Node | undefined; readonly keyOffset?: number } | undefined {
	if (isMap(node)) {
		const pair = node.items.find((item) => isNode(item.key) && String(item.key) === String(segment));
		if (pair === undefined) return undefined;
		const keyOffset = isNode(pair.key) ? pair.key.range?.[0] : undefined;
		const value = isNode(pair.value) ? pair.value : undefined;
		return keyOffset === undefined ? { node: value } : { node: value, keyOffset };
	}
	if (isSeq(node)) {
		const item = node.items[Number(segment)];
		return isNode(item) ? { node: item } : undefined;
	}
	return undefined;
}

function resolved(document: Document, node: unknown): Node | undefined {
	if (isAlias(node)) return node.resolve(document);
	return isNode(node) ? node : undefined;
}
