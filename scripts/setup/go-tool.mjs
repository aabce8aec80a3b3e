import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { findProgram } from "./find-program.mjs";
import { BIN, TEMP } from "./places.mjs";
import { knownVersion, link, remember } from "./state.mjs";

const LIMIT_MS = 20 * 60_000;

/** @param {string} program */
async function goVersion(program) {
	const { ok, output } = await run(program, ["env", "GOVERSION"], {
		env: { ...process.env, GOTOOLCHAIN: "local" },
	});
	return ok ? /go(\d+)\.(\d+)/.exec(output)?.slice(1, 3).map(Number) : undefined;
}

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

		async problems() {
			const go = findProgram("go");
			const remedy = `it builds ${name} ${pin.version}. Install Go ${minimumGo} or newer from your system or go.dev/dl. Or put a ${name} ${pin.line}x on the PATH.`;
			if (go === undefined) {
				return [`go is missing; ${remedy}`];
			}
			const [major = 0, minor = 0] = (await goVersion(go)) ?? [];
			const tooOld = major < pin.go[0] || (major === pin.go[0] && minor < pin.go[1]);
			return tooOld ? [`go ${minimumGo} or newer is missing (found ${major}.${minor}); ${remedy}`] : [];
		},

		/** @param {AbortSignal} signal */
		async install(signal) {
			const folder = join(TEMP, name);
			mkdirSync(folder, { recursive: true });
			const result = await run(
				findProgram("go"),
				["install", `-ldflags=-s -w ${pin.flags ?? ""}`.trim(), `${pin.module}@v${pin.version}`],
				{ cwd: folder, env: goEnvironment({ GOBIN: folder }), signal, timeoutMs: LIMIT_MS },
			);
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

/**
 * The environment of a `go` that runs outside the checkout's own folders: no go.work further up has a say.
 *
 * @param {NodeJS.ProcessEnv} more
 */
export function goEnvironment(more) {
	return {
		...process.env,
		CGO_ENABLED: "0",
		GOTOOLCHAIN: "local",
		GOWORK: "off",
		GOOS: undefined,
		GOARCH: undefined,
		...more,
	};
}
