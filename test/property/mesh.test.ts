import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parse, parseAllDocuments, stringify } from "yaml";
import { MESH_CODES } from "../../src/mesh/codes.ts";
import { camelCase } from "../../src/mesh/read-node.ts";
import { envoyExamples } from "../support/envoy-examples.ts";
import { checkTexts, codesIn } from "../support/mesh-check.ts";
import { ROOT } from "../support/source-tree.ts";

const SHIPPED = readFileSync(join(ROOT, "envoy", "authz-and-fields.yaml"), "utf8");
const examples = envoyExamples();
const texts = [SHIPPED, ...examples.flatMap(({ bad, good }) => [bad, good])];

/** Whatever a text holds: findings, each at a place that the text has. */
function expectFindings(text: string): void {
	const lines = text.split("\n");
	for (const finding of checkTexts({ "f.yaml": text }).findings) {
		expect(finding.file).toBe("f.yaml");
		expect(finding.line).toBeGreaterThanOrEqual(1);
		expect(finding.line).toBeLessThanOrEqual(lines.length);
		expect(finding.column).toBeGreaterThanOrEqual(1);
		expect(finding.column).toBeLessThanOrEqual((lines[finding.line - 1]?.length ?? 0) + 1);
		expect(Object.hasOwn(MESH_CODES, finding.code)).toBe(true);
	}
}

/** Words that rules look for, so that random trees reach them. */
const WORDS = [...new Set(texts.flatMap((text) => text.match(/[A-Za-z_@][\w.@/]*/g) ?? []))].filter(
	(word) => word.length < 100,
);
const word = fc.oneof(
	{ weight: 5, arbitrary: fc.constantFrom(...WORDS) },
	{ weight: 1, arbitrary: fc.string() },
);
const tree = fc.letrec<{ node: unknown }>((tie) => ({
	node: fc.oneof(
		{ depthSize: "medium", withCrossShrink: true },
		word,
		fc.constantFrom<unknown>(null, true, false, 0, 1, -1, 1e21, Number.NaN, "", "0.5s", "yes", "1Mi"),
		fc.array(tie("node"), { maxLength: 4 }),
		fc.dictionary(word, tie("node"), { maxKeys: 6 }),
	),
})).node;

test("any text gives findings, whatever it is", () => {
	fc.assert(
		fc.property(
			fc.oneof(
				fc.string({ unit: "binary" }),
				fc.string(),
				tree.map((value) => stringify(value)),
				tree.map((value) => JSON.stringify(value) ?? ""),
			),
			expectFindings,
		),
		{ numRuns: 500 },
	);
});

test("so does any known text in which something was cut, doubled or overwritten", () => {
	const edits = fc.tuple(
		fc.constantFrom(...texts),
		fc.array(
			fc.tuple(
				fc.nat(),
				fc.nat({ max: 60 }),
				fc.oneof(word, fc.constantFrom("\n", " ", ":", "- ", "{", "]", "&a ", "*a", "'")),
			),
			{ minLength: 1, maxLength: 4 },
		),
	);
	fc.assert(
		fc.property(edits, ([text, changes]) => {
			let out = text;
			for (const [where, length, insert] of changes) {
				const at = where % (out.length + 1);
				out = out.slice(0, at) + insert + out.slice(at + length);
			}
			expectFindings(out);
		}),
		{ numRuns: 300 },
	);
});

type Tree = Readonly<Record<string, unknown>> | readonly unknown[] | unknown;

/** A copy in which one node, anywhere, is something else or gone. */
function changed(node: Tree, path: () => number, put: unknown): Tree {
	if (Array.isArray(node) && node.length > 0) {
		const at = path() % (node.length + 1);
		if (at === node.length) return put;
		return node.map((item, index) => (index === at ? changed(item, path, put) : item));
	}
	if (typeof node === "object" && node !== null && Object.keys(node).length > 0) {
		const keys = Object.keys(node);
		const at = path() % (keys.length + 1);
		if (at === keys.length) return put;
		return Object.fromEntries(
			Object.entries(node).flatMap(([key, value], index) =>
				index !== at ? [[key, value]] : put === undefined ? [] : [[key, changed(value, path, put)]],
			),
		);
	}
	return put;
}

test("so does any known tree in which a node is another one", () => {
	const trees = texts.map((text) =>
		parse(parseAllDocuments(text).length > 1 ? "{}" : text.replaceAll(/\$\{\w+\}/g, "x"), {
			maxAliasCount: -1,
			uniqueKeys: false,
		}),
	);
	fc.assert(
		fc.property(
			fc.constantFrom(...trees),
			fc.infiniteStream(fc.nat()),
			fc.oneof(tree, fc.constant(undefined)),
			(base, stream, put) => {
				const next = () => stream.next().value as number;
				expectFindings(JSON.stringify(changed(base, next, put)) ?? "");
			},
		),
		{ numRuns: 500 },
	);
});

describe("how a set-up is written makes no difference", () => {
	/** Trees of single documents whose findings do not depend on how a text looks. */
	const known = examples
		.filter(
			({ code, bad }) =>
				!bad.includes("---\n") &&
				!["yaml_invalid", "values_open", "field_twice", "document_unknown"].includes(code),
		)
		.map(({ code, bad, facts }) => ({ code, facts, text: bad, value: parse(bad) as unknown }));
	const mapKeys = (node: unknown, rename: (key: string) => string): unknown =>
		Array.isArray(node)
			? node.map((item) => mapKeys(item, rename))
			: typeof node === "object" && node !== null
				? Object.fromEntries(
						Object.entries(node).map(([key, value]) => [rename(key), mapKeys(value, rename)]),
					)
				: node;

	test.each([
		["JSON", (value: unknown) => JSON.stringify(value)],
		["JSON over lines", (value: unknown) => JSON.stringify(value, undefined, "\t")],
		["YAML in flow style", (value: unknown) => stringify(value, { collectionStyle: "flow" })],
		[
			"lower camel case",
			(value: unknown) => JSON.stringify(mapKeys(value, (key) => (/[.]/.test(key) ? key : camelCase(key)))),
		],
		["fields in another order", (value: unknown) => JSON.stringify(reversed(value))],
		["typed structs", (value: unknown) => JSON.stringify(asStructs(value))],
		["quoted scalars", (value: unknown) => JSON.stringify(quoted(value))],
	])("%s", (_name, write) => {
		for (const { code, facts, text, value } of known) {
			expect({ code, found: codesIn(write(value), facts) }).toEqual({ code, found: codesIn(text, facts) });
		}
	});

	test("anchors", () => {
		const aliased = SHIPPED.replaceAll(/\$\{\w+_ADDRESS\}/g, "{ pipe: { path: /run/x } }").replaceAll(
			/\$\{\w+\}/g,
			"1",
		);
		const written = JSON.stringify(parse(aliased, { maxAliasCount: -1 }));
		expect([codesIn(aliased), codesIn(written)]).toEqual([[], []]);
		const bad = aliased.replace("failure_mode_allow: false", "failure_mode_allow: true");
		expect(codesIn(bad)).toEqual(["authz_fails_open"]);
		// One mistake in what two listeners share is one finding.
		expect(checkTexts({ f: bad }).findings).toHaveLength(1);
	});

	function reversed(node: unknown): unknown {
		if (Array.isArray(node)) return node.map(reversed);
		if (typeof node !== "object" || node === null) return node;
		return Object.fromEntries(
			Object.entries(node)
				.reverse()
				.map(([key, value]) => [key, reversed(value)]),
		);
	}

	function asStructs(node: unknown): unknown {
		if (Array.isArray(node)) return node.map(asStructs);
		if (typeof node !== "object" || node === null) return node;
		const { "@type": type, ...fields } = node as Record<string, unknown>;
		const inner = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, asStructs(value)]));
		return type === undefined
			? inner
			: { "@type": "type.googleapis.com/xds.type.v3.TypedStruct", type_url: type, value: inner };
	}

	/** Envoy takes `"true"` for true and `"5"` for 5 (tried). */
	function quoted(node: unknown): unknown {
		if (Array.isArray(node)) return node.map(quoted);
		if (typeof node === "object" && node !== null) {
			return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, quoted(value)]));
		}
		return node === null ? null : String(node);
	}
});
