import { spawn } from "node:child_process";

/** How long a program may take to end after it was asked to; npm in the middle of unpacking does not listen. */
const GRACE_MS = 1500;

/** Last words of a failed command that are shown to a person. */
const TAIL_LINES = 12;

/**
 * Runs a program to its end and collects what it printed. Each runs in a process group of its own, so that an
 * interrupted set-up ends its compilers and package clients too.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, signal?: AbortSignal, timeoutMs?: number }} [options]
 * @returns {Promise<{ ok: boolean, output: string, tail: string }>}
 */
export function run(program, args, options = {}) {
	return new Promise((resolve) => {
		const child = spawn(program, args, {
			cwd: options.cwd,
			env: options.env ?? process.env,
			stdio: ["ignore", "pipe", "pipe"],
			detached: true,
		});
		let output = "";
		let timedOut = false;
		let force;
		const kill = (name) => {
			try {
				process.kill(-child.pid, name);
			} catch {
				// The group is gone already.
			}
		};
		const end = () => {
			kill("SIGTERM");
			force ??= setTimeout(() => kill("SIGKILL"), GRACE_MS);
		};
		const timer = setTimeout(() => {
			timedOut = true;
			end();
		}, options.timeoutMs ?? 30_000);
		options.signal?.addEventListener("abort", end, { once: true });
		if (options.signal?.aborted) {
			end();
		}
		const finish = (ok, extra) => {
			clearTimeout(timer);
			clearTimeout(force);
			options.signal?.removeEventListener("abort", end);
			const lines = `${output}${extra}`.trim().split("\n");
			resolve({ ok, output, tail: lines.slice(-TAIL_LINES).join("\n") });
		};
		child.stdout.on("data", (chunk) => {
			output += chunk;
		});
		child.stderr.on("data", (chunk) => {
			output += chunk;
		});
		child.on("error", (error) => finish(false, error.message));
		child.on("close", (code) => {
			const extra = timedOut ? `\n${program} did not finish in time` : "";
			finish(code === 0 && !timedOut, extra);
		});
	});
}
