import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const ROOT = join(import.meta.dirname, "..");

/**
 * Makes the package in a folder, as the image holds it: JavaScript without types, whose stripping would take memory of its
 * own. Gives the launcher.
 */
export function packagedPostern(folder: string): string {
	mkdirSync(folder, { recursive: true });
	const build = [join(ROOT, "scripts", "build-package.mjs"), join(folder, "dist")];
	const { status, stderr } = spawnSync(process.execPath, build, { encoding: "utf8" });
	if (status !== 0) throw new Error(`the package could not be built: ${stderr}`);
	for (const name of ["bin", "package.json", "postern-capabilities.json"])
		cpSync(join(ROOT, name), join(folder, name), { recursive: true });
	symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
	return join(folder, "bin", "launch.mjs");
}
