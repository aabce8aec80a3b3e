import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CAPABILITIES_PATH } from "../../src/policy/bundle/capabilities.ts";
import type { Opa } from "../../src/policy/bundle/opa.ts";
import { inFolder, type Sources, writeSources } from "../support/policy.ts";
import type { ConformanceCase } from "./cases.ts";

const PACKAGE = "postern_conformance";
export const ENTRYPOINT = `${PACKAGE}/answer`;

export type CompiledCase = { readonly bundle: Buffer } | { readonly refused: string };

/** The bindings that a case looks at: an object per answer of the query. */
function bindings({ want_result }: ConformanceCase): string {
	const names = Object.keys(want_result?.[0] ?? {});
	return `{${names.map((name) => `${JSON.stringify(name)}: ${name}`).join(", ")}}`;
}

/** What `input` is, in Rego; `undefined` where the evaluator can take it as it takes a request. */
function inputTerm({ input, input_term }: ConformanceCase): string | undefined {
	if (input_term !== undefined) return input_term;
	const plain = input === undefined || (typeof input === "object" && input !== null && !Array.isArray(input));
	return plain ? undefined : JSON.stringify(input);
}

/** A rule cannot ask for all of `data`, of which it is a part: it asks for what the case puts there. */
function queryOf({ query, modules = [], data }: ConformanceCase): string {
	if (query !== "data = x") return query;
	const packages = modules.map((module) => /^package (\w+)/m.exec(module)?.[1] ?? "");
	const roots = [...new Set([...packages, ...Object.keys(data ?? {})])];
	return `x := {${roots.map((root) => `${JSON.stringify(root)}: data[${JSON.stringify(root)}]`).join(", ")}}`;
}

/** The query as a rule: a set of the bindings of its answers. */
function queryModule(one: ConformanceCase): string {
	const term = inputTerm(one);
	const all = `data.${PACKAGE}.answers`;
	const answer =
		term === undefined ? `answer := ${all}` : `answer := all if all := ${all} with input as ${term}`;
	const answers = `answers contains ${bindings(one)} if {\n\t${queryOf(one)}\n}`;
	return `package ${PACKAGE}\n\n${answers}\n\n${answer}\n`;
}

/** Compiles one case for WASM, or to a plan, as `postern build` would, with our capabilities. */
export async function compileCase(
	opa: Opa,
	one: ConformanceCase,
	target: "wasm" | "plan" = "wasm",
): Promise<CompiledCase> {
	const sources: Record<string, string> = { "query.rego": queryModule(one) };
	for (const [i, module] of (one.modules ?? []).entries()) sources[`module${i}.rego`] = module;
	if (one.data !== undefined && one.data !== null) sources["data.json"] = JSON.stringify(one.data);
	return inFolder(async (folder) => {
		await writeSources(folder, sources as Sources);
		const output = join(folder, "bundle.tar.gz");
		const { code, stdout, stderr } = await opa.run(
			[
				"build",
				...["--target", target, "--prune-unused", "--capabilities", CAPABILITIES_PATH],
				...["--entrypoint", ENTRYPOINT, "--output", output, "--", ...Object.keys(sources)],
			],
			folder,
		);
		if (code !== 0) return { refused: `${stdout}${stderr}`.trim() };
		return { bundle: await readFile(output) };
	});
}
