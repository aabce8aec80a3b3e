import { run } from "./command.mjs";
import { findProgram } from "./find-program.mjs";

/** @param {string} program */
async function versionOf(program) {
	const { ok, output } = await run(program, ["env", "GOVERSION"], {
		env: { ...process.env, GOTOOLCHAIN: "local" },
	});
	return ok ? /go(\d+)\.(\d+)/.exec(output)?.slice(1, 3).map(Number) : undefined;
}

/**
 * What keeps Go from building a tool: no Go, or one that is too old.
 *
 * @param {readonly number[]} minimum
 * @param {string} remedy what it builds, and how else to get that
 * @returns {Promise<string[]>}
 */
export async function goProblems(minimum, remedy) {
	const needed = minimum.join(".");
	const go = findProgram("go");
	if (go === undefined) {
		return [`go is missing; ${remedy}`];
	}
	const [major = 0, minor = 0] = (await versionOf(go)) ?? [];
	const tooOld = major < minimum[0] || (major === minimum[0] && minor < minimum[1]);
	return tooOld ? [`go ${needed} or newer is missing (found ${major}.${minor}); ${remedy}`] : [];
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

/**
 * Runs Go in a folder of its own, so that no go.mod further up has a say either.
 *
 * @param {readonly string[]} args
 * @param {string} folder
 * @param {{ signal: AbortSignal, timeoutMs: number, flags?: string }} options
 */
export function runGo(args, folder, { signal, timeoutMs, flags }) {
	return run(findProgram("go"), args, {
		cwd: folder,
		env: goEnvironment({ GOBIN: folder, ...(flags === undefined ? {} : { GOFLAGS: flags }) }),
		signal,
		timeoutMs,
	});
}
