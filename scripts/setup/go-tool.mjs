import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { findProgram } from "./find-program.mjs";
import { goProblems, runGo } from "./go.mjs";
import { BIN, TEMP } from "./places.mjs";
import { knownVersion, link, remember } from "./state.mjs";

const LIMIT_MS = 20 * 60_000;

/**
 * A program that Go builds from source, whose checksum database guards it; the PATH's where it is of the right line.
 *
 * @param {{
 *   name: string,
 *   pin: { version: string, line: string, module: string, go: readonly number[], flags?: string },
 *   versionArgs: readonly string[],
 *   pattern: RegExp,
 *   takes: string,
 * }} tool `takes`: how long building takes, for a person; `pattern`: finds the version in what `versionArgs` print
 */
export function goTool({ name, pin, versionArgs, pattern, takes }) {
	const minimumGo = pin.go.join(".");

	/** @param {string} program */
	async function versionOf(program) {
		const { ok, output } = await run(program, versionArgs);
		return ok ? pattern.exec(output)?.[1] : undefined;
	}

	/** @param {string | undefined} version */
	const fits = (version) => version?.startsWith(pin.line) === true;

	return {
		label: `${name} ${pin.version}`,
		verb: `building from source, ${takes}`,

		ready() {
			return fits(knownVersion(name));
		},

		async adopt() {
			const installed = await versionOf(join(BIN, name));
			if (installed !== undefined && fits(installed)) {
				remember(name, installed);
				return true;
			}
			const onPath = findProgram(name);
			const version = onPath === undefined ? undefined : await versionOf(onPath);
			if (version !== undefined && fits(version)) {
				link(name, onPath);
				remember(name, version);
				return true;
			}
			return false;
		},

		problems() {
			return goProblems(
				pin.go,
				`it builds ${name} ${pin.version}. Install Go ${minimumGo} or newer from your system or go.dev/dl. Or put a ${name} ${pin.line}x on the PATH.`,
			);
		},

		/** @param {AbortSignal} signal */
		async install(signal) {
			const folder = join(TEMP, name);
			mkdirSync(folder, { recursive: true });
			const args = ["install", `-ldflags=-s -w ${pin.flags ?? ""}`.trim(), `${pin.module}@v${pin.version}`];
			const result = await runGo(args, folder, { signal, timeoutMs: LIMIT_MS });
			if (!result.ok) {
				throw new Error(`go install of ${name} ${pin.version} failed:\n${result.tail}`);
			}
			const version = await versionOf(join(folder, name));
			if (version !== pin.version) {
				throw new Error(
					`the ${name} that Go built answers ${version ?? "nothing"} instead of ${pin.version}.`,
				);
			}
			mkdirSync(BIN, { recursive: true });
			renameSync(join(folder, name), join(BIN, name));
			remember(name, version);
		},
	};
}
