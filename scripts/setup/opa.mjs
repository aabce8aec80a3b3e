import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { findProgram } from "./find-program.mjs";
import { goProblems, runGo } from "./go.mjs";
import { OPA } from "./pins.mjs";
import { BIN, TEMP } from "./places.mjs";
import { knownVersion, link, remember } from "./state.mjs";

const LIMIT_MS = 20 * 60_000;

/** @param {string} program */
async function versionOf(program) {
	const { ok, output } = await run(program, ["version"]);
	return ok ? /^Version: (\S+)/m.exec(output)?.[1] : undefined;
}

/** @param {string | undefined} version */
const fits = (version) => version?.startsWith(OPA.line) === true;

/** The Rego compiler: the PATH's where it is of the right line, else built by Go, whose checksum database guards the source. */
export const opa = {
	label: `opa ${OPA.version}`,
	verb: "building from source, about a minute",

	ready() {
		return fits(knownVersion("opa"));
	},

	async adopt() {
		const installed = await versionOf(join(BIN, "opa"));
		if (installed !== undefined && fits(installed)) {
			remember("opa", installed);
			return true;
		}
		const onPath = findProgram("opa");
		const version = onPath === undefined ? undefined : await versionOf(onPath);
		if (version !== undefined && fits(version)) {
			link("opa", onPath);
			remember("opa", version);
			return true;
		}
		return false;
	},

	problems() {
		const minimum = OPA.go.join(".");
		return goProblems(
			OPA.go,
			`it builds opa ${OPA.version}. Install Go ${minimum} or newer from your system or go.dev/dl. Or put an opa ${OPA.line}x on the PATH.`,
		);
	},

	/** @param {AbortSignal} signal */
	async install(signal) {
		const folder = join(TEMP, "opa");
		mkdirSync(folder, { recursive: true });
		const args = ["install", "-ldflags=-s -w", `${OPA.module}@v${OPA.version}`];
		const result = await runGo(args, folder, { signal, timeoutMs: LIMIT_MS });
		if (!result.ok) {
			throw new Error(`go install of opa ${OPA.version} failed:\n${result.tail}`);
		}
		const version = await versionOf(join(folder, "opa"));
		if (version !== OPA.version) {
			throw new Error(`the opa that Go built answers ${version ?? "nothing"} instead of ${OPA.version}.`);
		}
		mkdirSync(BIN, { recursive: true });
		renameSync(join(folder, "opa"), join(BIN, "opa"));
		remember("opa", version);
	},
};
