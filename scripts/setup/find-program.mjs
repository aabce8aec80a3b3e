import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { BIN } from "./places.mjs";

/**
 * The first executable of this name on the PATH, other than what set-up itself installed.
 *
 * @param {string} name
 * @returns {string | undefined}
 */
export function findProgram(name) {
	for (const folder of (process.env.PATH ?? "").split(delimiter)) {
		if (!isAbsolute(folder) || resolve(folder) === BIN) {
			continue;
		}
		const candidate = join(folder, name);
		try {
			accessSync(candidate, constants.X_OK);
			if (statSync(candidate).isFile()) {
				return candidate;
			}
		} catch {
			// Not here.
		}
	}
	return undefined;
}

/**
 * How to call npm: the client that runs us when there is one, so that `npx npm@10 run demo` stays with npm 10.
 *
 * @returns {{ program: string, args: readonly string[] } | undefined}
 */
export function findNpm() {
	const running = process.env.npm_execpath;
	if (running?.endsWith("npm-cli.js")) {
		try {
			accessSync(running, constants.R_OK);
			return { program: process.execPath, args: [running] };
		} catch {
			// Gone; the one on the PATH will do.
		}
	}
	const program = findProgram("npm");
	return program === undefined ? undefined : { program, args: [] };
}

/**
 * The environment for an npm of our own: without what an outer `npm run` says about itself.
 *
 * @returns {NodeJS.ProcessEnv}
 */
export function npmEnvironment() {
	const kept = Object.entries(process.env).filter(
		([name]) =>
			!/^npm_(package|lifecycle)_/.test(name) &&
			!["npm_config_local_prefix", "npm_command", "INIT_CWD"].includes(name),
	);
	return Object.fromEntries(kept);
}
