import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PosternError } from "../../lib/errors.ts";
import { adviceFor } from "./absent-builtins.ts";
import type { Opa } from "./opa.ts";
import { GENERATED, type StagedSource, unstagePaths } from "./stage.ts";
import { unpack } from "./unpack.ts";

const GENERATED_PACKAGE = "postern_generated";

/** OPA's own output is as large as its sources make it; this only stops a runaway. */
const MAX_COMPILED_BYTES = 1024 * 1024 * 1024;

const ABSENT = /entrypoint "([^"]*)" does not refer to a rule or policy decision/;

interface Compiled {
	readonly wasm: Buffer;
	readonly plan: Buffer;
	readonly data: Buffer;
	/** Decision path → the module's name of it. */
	readonly entrypoints: ReadonlyMap<string, string>;
	/** Decision paths without a rule; such a decision is undefined, or a document of the data. */
	readonly absent: readonly string[];
}

/**
 * Rules that stand in for decision paths without one: OPA refuses those as entrypoints, though a query for them is
 * fine. The last step is a variable, for the compiler refuses a constant that no rule of a known package has.
 */
function generatedRules(absent: readonly string[]): string {
	const rules = absent.map((path, i) => {
		const names = path.split("/").map((name) => JSON.stringify(name));
		const last = names.pop();
		if (names.length === 0) return `e${i} := data[${last}]`;
		return `e${i} := data[${names.join("][")}][name] if name := ${last}`;
	});
	return `package ${GENERATED_PACKAGE}\n\n${rules.join("\n\n")}\n`;
}

interface CompileOptions {
	readonly opa: Opa;
	readonly folder: string;
	readonly sources: readonly StagedSource[];
	readonly entrypoints: readonly string[];
	/** Path of the capabilities file. */
	readonly capabilities: string;
}

async function compileOnce(
	options: CompileOptions,
	target: "wasm" | "plan",
	absent: readonly string[],
): Promise<ReadonlyMap<string, Buffer> | { readonly absent: string }> {
	const { opa, folder, sources, entrypoints } = options;
	const paths = sources.map(({ name }) => name);
	if (absent.length > 0) {
		await mkdir(join(folder, GENERATED), { recursive: true });
		await writeFile(join(folder, GENERATED, "entrypoints.rego"), generatedRules(absent));
		paths.push(GENERATED);
	}
	const output = `${target}.tar.gz`;
	const names = entrypoints.map((path) => {
		const at = absent.indexOf(path);
		return at < 0 ? path : `${GENERATED_PACKAGE}/e${at}`;
	});
	// Never -O1 or -O2: with data outside the build they change answers. Dependents of an entrypoint are no
	// entrypoints themselves.
	const args = ["build", "--target", target, "--prune-unused", "--capabilities", options.capabilities];
	for (const name of names) args.push("--entrypoint", name);
	const { code, stdout, stderr } = await opa.run([...args, "--output", output, "--", ...paths], folder);
	if (code === 0) return unpack(await readFile(join(folder, output)), MAX_COMPILED_BYTES);
	// Depending on the release the compiler's errors are on one stream or the other.
	const message = `${stdout}${stderr}`;
	const missing = ABSENT.exec(message)?.[1];
	if (missing !== undefined && entrypoints.includes(missing)) return { absent: missing };
	const advice = await adviceFor(message, folder);
	const lines = [unstagePaths(message.trim().replace(/^error: /, ""), sources), ...advice];
	throw new PosternError("policy_build_failed", lines.join("\n"));
}

const fileOf = (files: ReadonlyMap<string, Buffer>, path: string): Buffer => {
	const bytes = files.get(path);
	if (bytes === undefined) throw new PosternError("policy_build_failed", `opa build made no ${path}`);
	return bytes;
};

/**
 * Compiles staged sources to WASM and to a plan.
 * @throws {PosternError} `policy_build_failed` with the compiler's message, under the user's own paths.
 */
export async function compile(options: CompileOptions): Promise<Compiled> {
	const absent: string[] = [];
	let wasm = await compileOnce(options, "wasm", absent);
	while ("absent" in wasm) {
		absent.push(wasm.absent);
		wasm = await compileOnce(options, "wasm", absent);
	}
	const plan = await compileOnce(options, "plan", absent);
	if ("absent" in plan) throw new PosternError("policy_build_failed", `no rule at ${plan.absent}`);
	return {
		wasm: fileOf(wasm, "policy.wasm"),
		plan: fileOf(plan, "plan.json"),
		data: fileOf(wasm, "data.json"),
		entrypoints: new Map(
			options.entrypoints.map((path) => {
				const at = absent.indexOf(path);
				return [path, at < 0 ? path : `${GENERATED_PACKAGE}/e${at}`] as const;
			}),
		),
		absent,
	};
}
