import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { SourceTree } from "./architecture.ts";

/** The checkout. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The TypeScript files of a folder of the checkout, by path from there. */
export function readTree(folder: string): SourceTree {
	const base = join(ROOT, folder);
	const files = readdirSync(base, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
		.map((entry) => join(entry.parentPath, entry.name));
	return new Map(
		files
			.sort()
			.map((file) => [file.slice(base.length + 1).replaceAll(sep, "/"), readFileSync(file, "utf8")]),
	);
}
