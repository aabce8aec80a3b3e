import { describe, expect, test } from "@jest/globals";
import { breaches, DOORS } from "./support/architecture.ts";
import { readTree } from "./support/source-tree.ts";

/** A tree of one bad file among good ones. */
function tree(files: Readonly<Record<string, string>>) {
	return new Map(
		Object.entries({
			"lib/clock.ts": "export const now = (): number => Date.now();",
			"fields/types.ts": "export interface Plan { readonly a: 1 }",
			"decision/types.ts": "export interface Decision { readonly a: 1 }",
			"policy/types.ts": "export interface Engine { readonly a: 1 }",
			"policy/load.ts": "export const load = 1;",
			...files,
		}),
	);
}

describe("the rooms of src", () => {
	test("every import goes through an allowed door, and only the named places do what only they may", () => {
		expect(breaches(readTree("src"))).toEqual([]);
	});

	test("every room of the table that exists is a folder, and every folder a room", () => {
		const folders = new Set(
			[...readTree("src").keys()].filter((file) => file.includes("/")).map((file) => file.split("/")[0]),
		);
		expect([...folders].filter((folder) => !((folder as string) in DOORS))).toEqual([]);
		expect(folders.size).toBeGreaterThan(10);
	});
});

describe("the check itself", () => {
	test("finds nothing in a good tree", () => {
		expect(
			breaches(
				tree({
					"decision/read.ts": `import type { Plan } from "../fields/types.ts";\n// process.env, Date.now()\nexport const read = (plan: Plan): string => "process.exit";`,
					"envoy/check.ts": `import { type Engine } from "../policy/types.ts";\nexport const check = (engine: Engine) => engine;`,
				}),
			),
		).toEqual([]);
	});

	const bad: readonly (readonly [what: string, file: string, source: string, breach: RegExp])[] = [
		[
			"lib that imports a room",
			"lib/a.ts",
			`import { load } from "../policy/load.ts";`,
			/lib may not enter policy/,
		],
		[
			"a room that enters its neighbour",
			"identity/a.ts",
			`import { load } from "../policy/load.ts";`,
			/identity may not enter policy/,
		],
		[
			"the wire that takes more than an interface",
			"envoy/a.ts",
			`import { load } from "../policy/load.ts";`,
			/envoy may import types alone/,
		],
		[
			"a value beside types in one import",
			"envoy/a.ts",
			`import { type Engine, load } from "../policy/load.ts";`,
			/types alone/,
		],
		[
			"a dynamic import through a closed door",
			"audit/a.ts",
			`export const a = () => import("../policy/load.ts");`,
			/audit may not enter policy/,
		],
		["a pure room with node:", "fields/a.ts", `import { createHmac } from "node:crypto";`, /fields is pure/],
		["a pure room with a package", "request/a.ts", `import { z } from "zod";`, /request is pure/],
		["a pure room that waits", "decision/a.ts", "export async function a() {}", /async; decision is pure/],
		[
			"a pure room behind another's interface",
			"decision/a.ts",
			`import type { x } from "../fields/plan.ts";`,
			/decision|no file/,
		],
		["the environment", "serve/a.ts", "export const a = process.env;", /reads the environment/],
		[
			"the environment by brackets",
			"serve/a.ts",
			`export const a = process["env"];`,
			/reads the environment/,
		],
		["Date.now", "policy/a.ts", "export const a = Date.now();", /reads time/],
		["new Date()", "policy/a.ts", "export const a = new Date();", /reads time/],
		["new Date without parentheses", "policy/a.ts", "export const a = new Date;", /reads time/],
		["performance.now", "policy/a.ts", "export const a = performance . now();", /reads time/],
		["pino elsewhere", "serve/a.ts", `import { pino } from "pino";`, /only the logger/],
		["jose elsewhere", "policy/a.ts", `import { jwtVerify } from "jose";`, /only identity/],
		["gRPC elsewhere", "policy/a.ts", `import { Server } from "@grpc/grpc-js";`, /wire's room/],
		["WebAssembly elsewhere", "policy/a.ts", "export const a = WebAssembly.validate;", /policy\/wasm/],
		["an exit", "serve/a.ts", "export const a = () => process.exit(1);", /main\.ts ends/],
		["console", "serve/a.ts", "export const a = () => console.log(1);", /logger's back/],
		["a default export", "serve/a.ts", "export default 1;", /default export/],
		["a default export in braces", "serve/a.ts", "const a = 1;\nexport { a as default };", /default export/],
		["a barrel", "serve/a.ts", `export * from "../policy/load.ts";`, /re-exports/],
		["a dump", "serve/utils.ts", "export const a = 1;", /one idea/],
		["an index", "serve/index.ts", "export const a = 1;", /one idea/],
		["a folder that is no room", "stuff/a.ts", "export const a = 1;", /no room/],
		["a name in camel case", "serve/readAll.ts", "export const a = 1;", /kebab-case/],
	];
	test.each(bad)("finds %s", (_what, file, source, breach) => {
		const found = breaches(tree({ [file]: source }));
		expect(found.filter((line) => breach.test(line))).not.toEqual([]);
	});

	test("finds a cycle, one of types too", () => {
		const found = breaches(
			tree({
				"serve/a.ts": `import { b } from "./b.ts";\nexport const a = b;`,
				"serve/b.ts": `import type { C } from "./c.ts";\nexport const b = 1 as unknown as C;`,
				"serve/c.ts": `import { a } from "./a.ts";\nexport type C = typeof a;`,
			}),
		);
		expect(found).toEqual(["cycle: serve/a.ts → serve/b.ts → serve/c.ts → serve/a.ts"]);
	});

	test("is not fooled by comments, strings, templates and regular expressions", () => {
		const source = [
			"/* import { load } from '../policy/load.ts'; */",
			['const text = `import x from "pino" $', "{String(1)} process.env`;"].join(""),
			"const pattern = /[\"'`]process.env/;",
			'export const a = "Date.now()" + text + String(pattern);',
		].join("\n");
		expect(breaches(tree({ "serve/a.ts": source }))).toEqual([]);
	});
});
