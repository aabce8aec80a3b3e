// `npm pack` and `npm publish` run this first: the sources without their types, into dist, or into the folder that is
// given. Node strips types in a checkout, but refuses to under node_modules, where a package lives.
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runScript } from "./run.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = resolve(process.argv[2] ?? join(root, "dist"));
rmSync(dist, { recursive: true, force: true });
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
const code = await runScript(
	[compiler, "-p", join(root, "tsconfig.build.json"), "--outDir", dist],
	["packages", "node"],
);
if (code === 0) copyTables(join(root, "src"), dist);
process.exitCode = code;

/** What lies beside the sources and is read at run time. */
function copyTables(from, to) {
	for (const entry of readdirSync(from, { withFileTypes: true })) {
		if (entry.isDirectory()) copyTables(join(from, entry.name), join(to, entry.name));
		else if (!entry.name.endsWith(".ts")) cpSync(join(from, entry.name), join(to, entry.name));
	}
}
