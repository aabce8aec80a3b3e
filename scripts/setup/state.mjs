import {
	existsSync,
	lstatSync,
	mkdirSync,
	readFileSync,
	realpathSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { BIN, STATE, TEMP } from "./places.mjs";

/**
 * What is known about the programs in `.tools/bin`, so that a second set-up needs to run none of them: version, and
 * the size and time of the file that was checked.
 *
 * @typedef {{ version: string, file: string, size: number, mtimeMs: number }} ProgramState
 */

/** @returns {Record<string, ProgramState>} */
function readState() {
	try {
		return JSON.parse(readFileSync(STATE, "utf8"));
	} catch {
		return {};
	}
}

/** @param {string} name @param {string} version */
function look(name, version) {
	const path = join(BIN, name);
	const stat = statSync(path);
	return { version, file: realpathSync(path), size: stat.size, mtimeMs: stat.mtimeMs };
}

/**
 * The version of `.tools/bin/NAME` when the file is the one that was checked; undefined otherwise.
 *
 * @param {string} name
 */
export function knownVersion(name) {
	const known = readState()[name];
	if (known === undefined || !existsSync(join(BIN, name))) {
		return undefined;
	}
	const now = look(name, known.version);
	const same = now.file === known.file && now.size === known.size && now.mtimeMs === known.mtimeMs;
	return same ? known.version : undefined;
}

/**
 * Notes that `.tools/bin/NAME` was found to be of this version.
 *
 * @param {string} name
 * @param {string} version
 */
export function remember(name, version) {
	const state = { ...readState(), [name]: look(name, version) };
	mkdirSync(TEMP, { recursive: true });
	const next = join(TEMP, `state-${process.pid}.json`);
	writeFileSync(next, `${JSON.stringify(state, undefined, "\t")}\n`);
	renameSync(next, STATE);
}

/**
 * Points `.tools/bin/NAME` at a program that stays where it is; atomic.
 *
 * @param {string} name
 * @param {string} target
 */
export function link(name, target) {
	mkdirSync(TEMP, { recursive: true });
	mkdirSync(BIN, { recursive: true });
	const next = join(TEMP, `${name}-link-${process.pid}`);
	rmSync(next, { force: true });
	symlinkSync(target, next);
	renameSync(next, join(BIN, name));
}

/**
 * Whether `.tools/bin/NAME` is a file of its own rather than a link to one elsewhere.
 *
 * @param {string} name
 */
export function isOwnFile(name) {
	try {
		return lstatSync(join(BIN, name)).isFile();
	} catch {
		return false;
	}
}
