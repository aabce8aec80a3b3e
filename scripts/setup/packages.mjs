import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { findNpm, npmEnvironment } from "./find-program.mjs";
import { MODULES, PLATFORM, ROOT, TEMP } from "./places.mjs";

const STAMP = join(MODULES, ".postern-setup");
const LOCK_FILE = join(ROOT, "package-lock.json");
const LIMIT_MS = 15 * 60_000;

/** What an installed `node_modules` is good for: this lock file, on this platform. */
function stamp() {
	return `${createHash("sha256").update(readFileSync(LOCK_FILE)).digest("hex")} ${PLATFORM}\n`;
}

/** @param {unknown} list @param {string} mine */
function covers(list, mine) {
	return list === undefined || [list].flat().includes(mine);
}

/**
 * Whether a tree that npm made by itself is what the lock file says: npm notes in a file of its own what it
 * installed, so that nobody who ran `npm ci` by hand installs twice.
 */
function matchesLockFile() {
	try {
		const wanted = JSON.parse(readFileSync(LOCK_FILE, "utf8")).packages;
		const found = JSON.parse(readFileSync(join(MODULES, ".package-lock.json"), "utf8")).packages;
		const complete = Object.entries(wanted).every(([path, entry]) => {
			if (path === "") {
				return true;
			}
			// What an optional package of another platform needs is left out with it and says nothing of platforms.
			const forUs =
				entry.os !== undefined && covers(entry.os, process.platform) && covers(entry.cpu, process.arch);
			const dispensable = entry.optional === true && (!forUs || entry.libc !== undefined);
			const installed = found[path];
			if (installed === undefined) {
				return dispensable;
			}
			const present = existsSync(join(ROOT, path, "package.json"));
			return present && installed.version === entry.version && installed.integrity === entry.integrity;
		});
		return complete && Object.keys(found).every((path) => path in wanted);
	} catch {
		return false;
	}
}

/** The npm packages of the lock file, in `node_modules`. */
export const packages = {
	label: "npm packages",
	verb: "installing",

	ready() {
		try {
			const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
			const direct = Object.keys({ ...dependencies, ...devDependencies });
			const present = direct.every((name) => existsSync(join(MODULES, name, "package.json")));
			return present && readFileSync(STAMP, "utf8") === stamp();
		} catch {
			return false;
		}
	},

	async adopt() {
		if (!matchesLockFile()) {
			return false;
		}
		writeFileSync(STAMP, stamp());
		return true;
	},

	async problems() {
		return findNpm() === undefined
			? [
					"npm is missing; it installs Postern's packages. It comes with Node.js: install Node.js 20 or newer with npm.",
				]
			: [];
	},

	/** @param {AbortSignal} signal */
	async install(signal) {
		const npm = findNpm();
		const folder = join(TEMP, "packages");
		mkdirSync(folder, { recursive: true });
		copyFileSync(join(ROOT, "package.json"), join(folder, "package.json"));
		copyFileSync(LOCK_FILE, join(folder, "package-lock.json"));
		const wanted = stamp();
		const args = [
			"ci",
			"--ignore-scripts",
			"--no-audit",
			"--no-fund",
			"--engine-strict=false",
			"--loglevel=error",
		];
		const result = await run(npm.program, [...npm.args, ...args], {
			cwd: folder,
			env: npmEnvironment(),
			signal,
			timeoutMs: LIMIT_MS,
		});
		if (!result.ok) {
			throw new Error(`npm ci failed:\n${result.tail}`);
		}
		writeFileSync(join(folder, "node_modules", ".postern-setup"), wanted);
		// The new tree was built aside: whoever reads the old one meanwhile never sees half of either.
		if (existsSync(MODULES)) {
			renameSync(MODULES, join(TEMP, "old-packages"));
		}
		renameSync(join(folder, "node_modules"), MODULES);
	},
};
