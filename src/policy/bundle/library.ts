import { copyFile, mkdir, readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LIBRARY, type StagedSource } from "./stage.ts";

/** Where the policy library lies: one file a package. */
export const LIBRARY_PATH = fileURLToPath(new URL("../../../rego/lib", import.meta.url));

/** As an import writes it, and as a reference may. */
const USES = /\bdata\s*\.\s*postern\b|\bdata\s*\[\s*["`]postern["`]\s*\]/;
const OWN_PACKAGE = /^[ \t]*package[ \t]+postern\.lib\.(\w+)/gm;

/**
 * Adds the policy library to staged sources that refer to it, so that nobody has to copy it. A package of it that the
 * sources bring themselves is theirs: two copies would be one set of rules with every rule twice.
 */
export async function stageLibrary(
	sources: readonly StagedSource[],
	folder: string,
): Promise<readonly StagedSource[]> {
	const texts = await Promise.all((await policiesOf(sources, folder)).map((path) => readFile(path, "utf8")));
	if (!texts.some((text) => USES.test(text))) return sources;
	const own = new Set(texts.flatMap((text) => [...text.matchAll(OWN_PACKAGE)].map((found) => found[1])));
	const files = (await readdir(LIBRARY_PATH)).filter(
		(file) => file.endsWith(".rego") && !own.has(basename(file, ".rego")),
	);
	if (files.length === 0) return sources;
	await mkdir(join(folder, LIBRARY));
	for (const file of files) await copyFile(join(LIBRARY_PATH, file), join(folder, LIBRARY, file));
	return [...sources, { name: LIBRARY, given: LIBRARY_PATH }];
}

async function policiesOf(sources: readonly StagedSource[], folder: string): Promise<readonly string[]> {
	const found: string[] = [];
	for (const { name } of sources) {
		const path = join(folder, name);
		const inside = (await stat(path)).isDirectory() ? await readdir(path, { recursive: true }) : [];
		found.push(
			...[path, ...inside.map((entry) => join(path, entry))].filter((each) => each.endsWith(".rego")),
		);
	}
	return found;
}
