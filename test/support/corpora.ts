import { existsSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The folder of the shared corpora: `POSTERN_CORPORA`, or `../shared/corpora` beside the checkout; undefined when absent. */
export function corporaDir(): string | undefined {
	const checkout = fileURLToPath(new URL("../..", import.meta.url));
	const folder = process.env["POSTERN_CORPORA"] ?? resolve(checkout, "..", "shared", "corpora");
	if (existsSync(folder)) return folder;
	console.warn(`SKIPPED: no corpora at ${folder}; set POSTERN_CORPORA to the folder that holds them`);
	return undefined;
}
