import { describe, expect, test } from "@jest/globals";
import { FIXED_LIMITS } from "../../../src/config/limits.ts";
import { readDocuments, readInner } from "../../../src/config/yaml-documents.ts";
import type { Placed, PlacedScalar } from "../../../src/lib/placed.ts";

/** A tree with places beside keys and values: `{"a@1:1": "x@1:4"}`. */
function shown(node: Placed): unknown {
	const at = `@${node.place.line}:${node.place.column}`;
	if (node.kind === "scalar") return node.open === true ? `open${at}` : `${JSON.stringify(node.value)}${at}`;
	if (node.kind === "list") return node.items.map(shown);
	return Object.fromEntries(
		node.entries.map(({ key, place, value }) => [`${key}@${place.line}:${place.column}`, shown(value)]),
	);
}
const read = (text: string) => readDocuments(text, "f.yaml");
const trees = (text: string) => read(text).documents.map(shown);
const problems = (text: string) =>
	read(text).problems.map(({ place, message }) => `${place.line}:${place.column} ${message}`);

describe("every value knows where it stands", () => {
	test("in block style, flow style and JSON, with tabs and CRLF", () => {
		expect(trees("a: 1\nb:\n- c: x\n- {d: true}\n")).toEqual([
			{ "a@1:1": "1@1:4", "b@2:1": [{ "c@3:3": '"x"@3:6' }, { "d@4:4": "true@4:7" }] },
		]);
		expect(trees('{\n\t"a": [\n\t\t1, null\n\t]\n}')).toEqual([{ "a@2:2": ["1@3:3", "null@3:6"] }]);
		expect(trees("a: 1\r\nb: 2\r\n")).toEqual([{ "a@1:1": "1@1:4", "b@2:1": "2@2:4" }]);
	});

	test("in each of several documents; empty ones are none", () => {
		expect(trees("---\na: 1\n---\n# nothing\n---\nb: 2\n...\n")).toEqual([
			{ "a@2:1": "1@2:4" },
			{ "b@6:1": "2@6:4" },
		]);
		expect([trees(""), trees("\n# words\n"), trees("---\n---\n")]).toEqual([[], [], []]);
	});

	test("an alias stands where its anchor stands, and << merges behind what is there", () => {
		expect(trees("a: &x {p: 1}\nb: *x\n")).toEqual([
			{ "a@1:1": { "p@1:8": "1@1:11" }, "b@2:1": { "p@1:8": "1@1:11" } },
		]);
		expect(trees("a: &x {p: 1, q: 2}\nb: {<<: *x, p: 3}\nc: {<<: [*x, {r: 4}]}\n")).toMatchObject([
			{ "b@2:1": { "p@2:13": "3@2:16", "q@1:14": "2@1:17" }, "c@3:1": { "r@3:15": "4@3:18" } },
		]);
		expect(trees('{"<<": {a: 1}}')).toEqual([{ "<<@1:2": { "a@1:9": "1@1:12" } }]);
	});

	test("keys are their text, whatever they look like", () => {
		expect(trees("80: a\ntrue: b\n'c': d\n? [x]\n: e\n")).toEqual([
			expect.objectContaining({ "80@1:1": '"a"@1:5', "true@2:1": '"b"@2:7', "c@3:1": '"d"@3:6' }),
		]);
	});

	test("places to fill in may stand anywhere, and columns stay what they are", () => {
		const place = (name: string): string => `\${${name}}`;
		expect(trees(`{ a: ${place("PORT")}, b: "x${place("Y")}", c: ${place("D:-5")}, d: 1 }`)).toEqual([
			{ "a@1:3": "open@1:6", "b@1:15": "open@1:18", "c@1:27": "open@1:30", "d@1:39": "1@1:42" },
		]);
		expect(trees("a: '{{ .Values.x }}'\nb: $HOME\n")).toEqual([
			{ "a@1:1": "open@1:4", "b@2:1": '"$HOME"@2:4' },
		]);
	});
});

describe("what is wrong is told, with its place, and the rest is read", () => {
	test("a key that stands twice: the last one counts, as for Envoy", () => {
		expect(problems("a: 1\nb: 2\na: 3\n")).toEqual(['3:1 the key "a" stands here twice']);
		expect(trees("a: 1\na: 3\n")).toEqual([{ "a@2:1": "3@2:4" }]);
	});

	test("text that is no YAML", () => {
		expect(problems("a: [1\nb: 2\n")[0]).toMatch(/^2:1 /);
		expect(problems("a: {{ .Values.x }}\n{{- end }}\n").length).toBeGreaterThan(0);
		expect(problems("a: *b\n")).toEqual(["1:4 the alias *b stands for nothing before it"]);
		expect(problems("a: &a [*a]\n")).toEqual(["1:8 the alias *a stands for nothing before it"]);
	});

	test("messages do not grow with what they quote, nor does their number", () => {
		const [message = ""] = problems("!".repeat(100_000));
		expect(message.length).toBeLessThan(200);
		expect(problems('"'.repeat(1001)).length).toBeLessThanOrEqual(5);
	});
});

describe("what would take for ever is refused", () => {
	const levels = FIXED_LIMITS.envoy_file_levels.value;
	const deep = `nested deeper than ${levels} levels`;

	test.each([
		["brackets", "[".repeat(1_000_000)],
		["closed brackets", `${"[".repeat(levels + 1)}${"]".repeat(levels + 1)}`],
		["braces", "{a: ".repeat(100_000)],
		["dashes on one line", "- ".repeat(100_000)],
		["question marks", "? ".repeat(100_000)],
		["lines", Array.from({ length: levels + 1 }, (_, at) => `${" ".repeat(at)}a:`).join("\n")],
	])("depth by %s", (_name, text) => {
		expect(problems(text).join()).toContain(deep);
	});

	test("as deep as the limit is not too deep", () => {
		const depth = levels - 1;
		expect(problems(`${"[".repeat(depth)}1${"]".repeat(depth)}`)).toEqual([]);
	});

	test("anchors that stand for ever more", () => {
		const lines = ["a0: &a0 [1,2,3,4,5,6,7,8,9,10]"];
		for (let at = 1; at < 12; at++)
			lines.push(
				`a${at}: &a${at} [${Array(10)
					.fill(`*a${at - 1}`)
					.join(",")}]`,
			);
		expect(problems(lines.join("\n"))).toEqual([expect.stringMatching(/^6:9 more than 400000 values/)]);
	});

	test("the values of all documents of a file count together", () => {
		const list = `- &a [${Array(1000).fill("1").join(",")}]\n- [${Array(150).fill("*a").join(",")}]\n`;
		expect(problems(list)).toEqual([]);
		expect(problems(`${list}---\n${list}---\n${list}`)).toEqual([
			expect.stringMatching(/^8:3 more than 400000 values/),
		]);
	});

	test("words and signs", () => {
		expect(problems(`[${"1,".repeat(FIXED_LIMITS.envoy_file_tokens.value)}]`)).toEqual([
			expect.stringMatching(/^1:\d+ more than 2000000 words and signs$/),
		]);
	});
});

describe("YAML in YAML", () => {
	const scalarOf = (text: string): PlacedScalar => {
		const [tree] = read(text).documents;
		const value = tree?.kind === "map" ? tree.entries[0]?.value : undefined;
		if (value?.kind !== "scalar") throw new Error("no scalar");
		return value;
	};

	test("in a literal block its places are those of the outer file", () => {
		const inner = readInner(scalarOf("mesh: |-\n  # words\n\n  a: 1\n  b:\n  - c\n"));
		expect(inner.documents.map(shown)).toEqual([{ "a@4:3": "1@4:6", "b@5:3": ['"c"@6:5'] }]);
		expect(readInner(scalarOf("mesh: |\n    a: 1\n    a: 2\n")).problems).toMatchObject([
			{ place: { file: "f.yaml", line: 3, column: 5 } },
		]);
		expect(readInner(scalarOf("mesh: |\n\n\n   a: 1\n")).documents.map(shown)).toEqual([
			{ "a@4:4": "1@4:7" },
		]);
	});

	test("in any other text they are the text's own", () => {
		expect(readInner(scalarOf('mesh: "a: 1"')).documents.map(shown)).toEqual([{ "a@1:7": "1@1:7" }]);
	});
});
