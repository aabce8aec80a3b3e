import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { BodyFormat } from "../../src/fields/types.ts";
import { chunkSizes } from "../support/mask-arbitrary.ts";
import { mask } from "../support/mask-body.ts";
import { times } from "../support/test-size.ts";

/**
 * A second opinion on what leaves, which shares nothing with the masker or with the other oracle: every text of a document
 * is a mark of its own; selectors select nodes of the parsed tree, one step after the other, as RFC 9535 has it; and a mark
 * may be in the output only where its node is released and neither withheld nor hidden by a mask.
 */
type Tree = string | readonly Tree[] | { readonly [name: string]: Tree };
type Step = { readonly descend: boolean; readonly want: string | number | "*" };

const NAMES = ["a", "b", "ssn", "é", "x y", "__proto__x"];

const tree: fc.Arbitrary<Tree> = fc.letrec<{ node: Tree }>((tie) => ({
	node: fc.oneof(
		{ maxDepth: 4, depthSize: "small" },
		fc.constant("leaf"),
		fc.array(tie("node"), { maxLength: 3 }),
		fc.dictionary(fc.constantFrom(...NAMES), tie("node"), { maxKeys: 4, noNullPrototype: true }),
	),
})).node;

/** The same tree with a mark in the place of every text. */
function marked(node: Tree, next: { at: number }): Tree {
	if (typeof node === "string") return `M${next.at++}:`;
	if (Array.isArray(node)) return node.map((item) => marked(item, next));
	return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, marked(value, next)]));
}

const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 5, arbitrary: fc.constantFrom(...NAMES).map((want) => ({ descend: false, want })) },
	{ weight: 2, arbitrary: fc.nat(2).map((want) => ({ descend: false, want })) },
	{ weight: 2, arbitrary: fc.constant<Step>({ descend: false, want: "*" }) },
	{ weight: 1, arbitrary: fc.constantFrom(...NAMES, "*").map((want) => ({ descend: true, want })) },
);
const selector = fc.array(step, { maxLength: 4 });

function written(steps: readonly Step[]): string {
	return `$${steps
		.map(
			({ descend, want }) =>
				`${descend ? ".." : ""}[${typeof want === "number" || want === "*" ? want : `'${want}'`}]`,
		)
		.join("")}`;
}

function children(node: Tree): readonly (readonly [string | number, Tree])[] {
	if (typeof node === "string") return [];
	return Array.isArray(node) ? node.map((item, at) => [at, item] as const) : Object.entries(node);
}

function descendants(node: Tree): readonly Tree[] {
	return [node, ...children(node).flatMap(([, child]) => descendants(child))];
}

/** The nodes that a selector selects. */
function select(root: Tree, steps: readonly Step[]): readonly Tree[] {
	let nodes: readonly Tree[] = [root];
	for (const { descend, want } of steps) {
		const from = descend ? nodes.flatMap(descendants) : nodes;
		nodes = from.flatMap((node) =>
			children(node)
				.filter(([name]) => want === "*" || name === want)
				.map(([, child]) => child),
		);
	}
	return nodes;
}

/** Every mark under the nodes that some of the selectors select. */
function covered(root: Tree, selectors: readonly (readonly Step[])[]): ReadonlySet<Tree> {
	return new Set(selectors.flatMap((steps) => select(root, steps)).flatMap(descendants));
}

const rules = fc.record({
	release: fc.option(fc.array(selector, { maxLength: 4 })),
	withhold: fc.array(selector, { maxLength: 3 }),
	hide: fc.array(fc.tuple(selector, fc.constantFrom("redact", "null", "constant")), { maxLength: 2 }),
});

/** How documents of a format are written, and whether a tree can be one. */
const FORMATS: readonly (readonly [BodyFormat, (trees: readonly Tree[]) => string])[] = [
	["json", ([first = ""]) => JSON.stringify(first)],
	["ndjson", (trees) => trees.map((one) => `${JSON.stringify(one)}\n`).join("")],
	["json-seq", (trees) => trees.map((one) => `\x1e${JSON.stringify(one, undefined, 1)}\n`).join("")],
	[
		"sse",
		(trees) =>
			trees
				.map((one) => `data: ${JSON.stringify(one, undefined, 1).replaceAll("\n", "\ndata: ")}\n\n`)
				.join(""),
	],
	[
		"form",
		([first = ""]) =>
			children(first)
				.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
				.join("&"),
	],
];

/** A form is an object of texts. */
const form: fc.Arbitrary<Tree> = fc.dictionary(fc.constantFrom(...NAMES), fc.constant("leaf"), {
	noNullPrototype: true,
});

describe("no mark leaves but where it is released, and each one leaves that is", () => {
	test.each(FORMATS)("%s", (format, write) => {
		let texts = 0;
		fc.assert(
			fc.property(
				fc.array(format === "form" ? form : tree, {
					minLength: 1,
					maxLength: format === "json" || format === "form" ? 1 : 3,
				}),
				rules,
				chunkSizes,
				(trees, { release, withhold, hide }, chunks) => {
					const next = { at: 0 };
					const roots = trees.map((one) => marked(one, next));
					const directive = {
						...(release === null ? {} : { release: release.map(written) }),
						withhold: withhold.map(written),
						mask: hide.map(([steps, as]) => ({
							select: written(steps),
							as,
							...(as === "constant" ? { value: "hidden" } : {}),
						})),
					};
					const { refusal, text } = mask({ directive, body: write(roots), chunks, format });
					if (refusal !== undefined) throw new Error(refusal);
					const visible = new Set<string>();
					for (const root of roots) {
						const gone = covered(root, [...withhold, ...hide.map(([steps]) => steps)]);
						const kept = release === null ? undefined : covered(root, release);
						for (const node of descendants(root))
							if (typeof node === "string" && !gone.has(node) && (kept === undefined || kept.has(node)))
								visible.add(node);
					}
					const left = new Set(decodeURIComponent(text).match(/M\d+:/g) ?? []);
					texts += next.at;
					for (const mark of left) if (!visible.has(mark)) throw new Error(`${mark} left unmasked`);
					for (const mark of visible) if (!left.has(mark)) throw new Error(`${mark} was lost`);
				},
			),
			{ seed: 20_261_129, numRuns: times(10_000, 100_000) },
		);
		expect(texts).toBeGreaterThan(times(10_000, 100_000) / 2);
	});
});
