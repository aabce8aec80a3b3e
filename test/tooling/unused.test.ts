import { describe, expect, test } from "@jest/globals";
import { readTree } from "../support/source-tree.ts";
import { commentedCode, unreachable, unusedExports } from "../support/unused.ts";

const src = readTree("src");

describe("nothing in src is left over", () => {
	test("every file is reached from main.ts", () => {
		expect(unreachable(src, "main.ts")).toEqual([]);
	});

	test("every export is needed; there is no list of exceptions", () => {
		const beside = (folder: string) =>
			new Map([...readTree(folder)].map(([file, source]) => [`../${folder}/${file}`, source]));
		const tests = new Map([...beside("test"), ...beside("bench"), ...beside("examples")]);
		expect(unusedExports(src, beside("scripts"), tests)).toEqual([]);
	});

	test.each(["src", "test", "bench", "examples"])("no code is commented out in %s", (folder) => {
		expect(commentedCode(readTree(folder))).toEqual([]);
	});
});

describe("the check itself", () => {
	const tree = new Map(
		Object.entries({
			"main.ts": `import { a } from "./a.ts";\nconst { b } = await import("./b.ts");\nnew Worker(new URL("./worker.ts", import.meta.url));\na(b);`,
			"a.ts":
				"export interface Part { x: 1 }\nexport const a = (part: Part) => part;\nexport const left = 2;\nexport type Left = 3;",
			"b.ts": "export const b = 1;\nexport const over = 2;",
			"worker.ts":
				"// const old = 1;\n// Words about what follows.\n/** @example const fine = 1; */\nconst now = 1;",
			"island.ts": `import { a } from "./a.ts";\nexport function* island() { yield a; }`,
		}),
	);

	test("finds what nothing leads to", () => {
		expect(unreachable(tree, "main.ts")).toEqual(["island.ts"]);
	});

	test("finds an export that tests alone use, and bears one that its own file works with", () => {
		const tested = new Map([
			["main.ts", `export const limit = 1;\nexport const dead = 2;\nconsole.log(limit);`],
		]);
		const tests = new Map([["../test/a.test.ts", `import { dead, limit } from "../src/main.ts";`]]);
		expect(unusedExports(tested, new Map(), tests)).toEqual(["main.ts: dead"]);
		expect(unusedExports(tested)).toEqual(["main.ts: limit", "main.ts: dead"]);
	});

	test("finds exports that nobody takes", () => {
		expect(unusedExports(tree)).toEqual(["a.ts: left", "a.ts: Left", "b.ts: over", "island.ts: island"]);
	});

	test("finds code in comments, and takes words and examples for what they are", () => {
		expect(commentedCode(tree)).toEqual(["worker.ts:1"]);
	});
});
