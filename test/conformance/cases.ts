import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";

const run = promisify(execFile);

const MODULE = "github.com/open-policy-agent/opa";

/** One case of OPA's own conformance suite, as its files have it. */
export interface ConformanceCase {
	/** Folder of the file: the feature or builtin that it is about. */
	readonly group: string;
	/** Name, which is not always unique. */
	readonly note: string;
	readonly query: string;
	readonly modules?: readonly string[];
	readonly data?: Readonly<Record<string, unknown>> | null;
	readonly input?: unknown;
	readonly input_term?: string;
	readonly want_result?: readonly Readonly<Record<string, unknown>>[];
	readonly want_defined?: boolean;
	readonly want_error?: string;
	readonly want_error_code?: string;
	readonly sort_bindings?: boolean;
	/** The error is one of strict mode alone: outside of it the call is undefined. */
	readonly strict_error?: boolean;
	readonly env?: Readonly<Record<string, string>>;
}

async function go(...args: readonly string[]): Promise<string | undefined> {
	try {
		const { stdout } = await run("go", args, { maxBuffer: 1024 * 1024 });
		return stdout.trim();
	} catch {
		return undefined;
	}
}

/**
 * The folder of OPA's cases for Rego v1 in Go's module cache; `undefined` when it cannot be had.
 * @param version - of OPA, so that the cases are of the same release as the compiler
 * @param fetch - whether Go may download the module
 */
export async function conformanceDir(version: string, fetch: boolean): Promise<string | undefined> {
	const cache = await go("env", "GOMODCACHE");
	if (cache === undefined) return undefined;
	const module = `${MODULE}@v${version}`;
	const folder = join(cache, module, "v1", "test", "cases", "testdata", "v1");
	if (!existsSync(folder) && fetch) await go("mod", "download", module);
	return existsSync(folder) ? folder : undefined;
}

/** All cases, sorted by file. */
export async function loadCases(folder: string): Promise<readonly ConformanceCase[]> {
	const entries = await readdir(folder, { recursive: true, withFileTypes: true });
	const files = entries
		.filter((entry) => entry.isFile() && /\.(?:ya?ml|json)$/.test(entry.name))
		.map((entry) => join(entry.parentPath, entry.name))
		.sort();
	const cases: ConformanceCase[] = [];
	for (const file of files) {
		const group = relative(folder, file).split(/[\\/]/)[0] ?? "";
		const content = parse(await readFile(file, "utf8"), { maxAliasCount: -1 }) as {
			cases?: readonly Omit<ConformanceCase, "group">[];
		};
		for (const one of content.cases ?? []) cases.push({ ...one, group });
	}
	return cases;
}
