import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { findProgram } from "./find-program.mjs";
import { goEnvironment } from "./go.mjs";

const LIMIT_MS = 10 * 60_000;

/**
 * Fetches a Go module by version and checksum.
 *
 * @param {{ module: string, sum: string }} pin
 * @param {string} folder to work in
 * @param {AbortSignal} signal
 * @returns {Promise<string>} where its files are, for reading
 */
export async function fetchGoModule({ module, sum }, folder, signal) {
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, "go.mod"), "module files\n");
	const result = await run(findProgram("go"), ["mod", "download", "-json", module], {
		cwd: folder,
		env: goEnvironment({ GOFLAGS: "-mod=mod" }),
		signal,
		timeoutMs: LIMIT_MS,
	});
	const found = result.ok ? JSON.parse(result.output.slice(result.output.indexOf("{"))) : {};
	if (!result.ok || typeof found.Dir !== "string") {
		throw new Error(`go could not fetch ${module}:\n${result.tail}`);
	}
	if (found.Sum !== sum) {
		throw new Error(`${module}: checksum ${found.Sum} where ${sum} was expected. Nothing was installed.`);
	}
	return found.Dir;
}
