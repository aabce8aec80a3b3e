import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { verify } from "./checksum.mjs";
import { run } from "./command.mjs";
import { findNpm, npmEnvironment } from "./find-program.mjs";
import { NODE } from "./pins.mjs";
import { BIN, PLATFORM, TEMP, TOOLS } from "./places.mjs";
import { knownVersion, link, remember } from "./state.mjs";

const LIMIT_MS = 10 * 60_000;
const minimum = NODE.minimum.join(".");
const HOME = join(TOOLS, "node");

/** @param {string} version */
function supported(version) {
	const [major = 0, minor = 0] = version.split(".").map(Number);
	return major > NODE.minimum[0] || (major === NODE.minimum[0] && minor >= NODE.minimum[1]);
}

/** @param {string} program */
async function versionOf(program) {
	const { ok, output } = await run(program, ["--version"]);
	return ok ? output.trim().replace(/^v/, "") : undefined;
}

/** A Node that Postern runs on: the one that runs us where it is new enough, else one from npm. */
export const node = {
	label: `Node ${NODE.version}`,
	verb: "fetching",

	ready() {
		const version = knownVersion("node");
		return version !== undefined && supported(version);
	},

	async adopt() {
		const installed = await versionOf(join(BIN, "node"));
		if (installed !== undefined && supported(installed)) {
			remember("node", installed);
			return true;
		}
		if (supported(process.versions.node)) {
			link("node", process.execPath);
			remember("node", process.versions.node);
			return true;
		}
		return false;
	},

	async problems() {
		if (NODE.packages[PLATFORM] === undefined) {
			return [
				`this Node is ${process.versions.node}; Postern needs ${minimum} or newer, and npm has no Node ${NODE.version} for ${PLATFORM}. Install Node.js 24 and try again.`,
			];
		}
		return findNpm() === undefined
			? [
					`this Node is ${process.versions.node}; Postern needs ${minimum} or newer, and npm, which would fetch Node ${NODE.version}, is missing. Install Node.js 24 with npm.`,
				]
			: [];
	},

	/** @param {AbortSignal} signal @param {{ doing(now: string): void }} step */
	async install(signal, step) {
		const npm = findNpm();
		const source = NODE.packages[PLATFORM];
		const folder = join(TEMP, "node");
		mkdirSync(folder, { recursive: true });
		// A package.json of its own keeps npm from looking for a project further up.
		writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
		const args = [
			"install",
			`${source.name}@${NODE.version}`,
			"--prefix",
			folder,
			"--no-save",
			"--no-package-lock",
		];
		const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
		const result = await run(npm.program, [...npm.args, ...args, ...flags], {
			cwd: folder,
			env: npmEnvironment(),
			signal,
			timeoutMs: LIMIT_MS,
		});
		if (!result.ok) {
			throw new Error(`npm could not fetch ${source.name}@${NODE.version}:\n${result.tail}`);
		}
		const inside = join("node_modules", source.name, "bin", "node");
		step.doing("verifying");
		await verify(join(folder, inside), source.binary, `${source.name}@${NODE.version}`);
		rmSync(HOME, { recursive: true, force: true });
		renameSync(folder, HOME);
		link("node", relative(BIN, join(HOME, inside)));
		const version = await versionOf(join(BIN, "node"));
		if (version !== NODE.version) {
			throw new Error(
				`${source.name}@${NODE.version} does not run on this machine (it answers ${version ?? "nothing"}).`,
			);
		}
		remember("node", version);
	},
};
