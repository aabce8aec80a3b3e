import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PosternError } from "../../lib/errors.ts";

/** Where the project's set-up puts tools that the machine lacks. */
const OWN_OPA = fileURLToPath(new URL("../../../.tools/bin/opa", import.meta.url));

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

interface OpaRun {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

export interface Opa {
	readonly path: string;
	readonly version: string;
	run(args: readonly string[], cwd: string): Promise<OpaRun>;
}

function execute(path: string, args: readonly string[], cwd: string, signal?: AbortSignal): Promise<OpaRun> {
	return new Promise((resolve, reject) => {
		const options = { cwd, maxBuffer: MAX_OUTPUT_BYTES, ...(signal === undefined ? {} : { signal }) };
		execFile(path, args, options, (error, stdout, stderr) => {
			if (error === null) resolve({ code: 0, stdout, stderr });
			else if (typeof error.code === "number") resolve({ code: error.code, stdout, stderr });
			else reject(error);
		});
	});
}

/** Oldest OPA whose builtins and module interface were compared with what the capabilities file says. */
const OLDEST = [1, 22] as const;

const VERSION = /^Version: ((\d+)\.(\d+)\.\d+\S*)$/m;

async function versionOf(path: string, signal?: AbortSignal): Promise<string | undefined> {
	try {
		const { stdout } = await execute(path, ["version"], process.cwd(), signal);
		const [, version, major, minor] = VERSION.exec(stdout) ?? [];
		const recent = Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1]);
		return recent ? version : undefined;
	} catch (thrown) {
		if (signal?.aborted === true) throw thrown;
		return undefined;
	}
}

/**
 * Finds OPA's command: the given one, else the one on the PATH, else the one that the project's set-up fetched.
 * @throws {PosternError} `opa_missing`
 */
export async function findOpa(path?: string, signal?: AbortSignal): Promise<Opa> {
	for (const candidate of path === undefined ? ["opa", OWN_OPA] : [path]) {
		const version = await versionOf(candidate, signal);
		if (version === undefined) continue;
		return { path: candidate, version, run: (args, cwd) => execute(candidate, args, cwd, signal) };
	}
	throw new PosternError(
		"opa_missing",
		`${path ?? "opa"} ${OLDEST.join(".")} or later does not run; put it on the PATH, or \`go install github.com/open-policy-agent/opa@v1.22.2\``,
	);
}
