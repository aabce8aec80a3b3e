import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { openSync } from "node:fs";
import { connect } from "node:net";
import { cpus } from "node:os";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

/** Servers on one core, load on another, where the machine lets us choose. */
const PINNED = cpus().length > 1 && spawnSync("taskset", ["-c", "0,1", "true"]).status === 0;
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;
const START_LIMIT_MS = 60_000;

const running = new Set<ChildProcess>();
process.on("exit", () => {
	for (const child of running) child.kill("SIGKILL");
});
for (const [name, code] of [
	["SIGINT", 130],
	["SIGTERM", 143],
] as const)
	process.on(name, () => process.exit(code));

/** Starts a program on a core; it ends with this process at the latest. */
export function spawnPinned(
	argv: readonly string[],
	core: number,
	options: { readonly env?: Readonly<Record<string, string>>; readonly log: string; readonly ipc?: boolean },
): ChildProcess {
	const [program = "", ...rest] = PINNED ? ["taskset", "-c", String(core), ...argv] : argv;
	const log = openSync(options.log, "a");
	const child = spawn(program, rest, {
		stdio: options.ipc === true ? ["ignore", log, log, "ipc"] : ["ignore", log, log],
		env: { ...process.env, ...options.env },
	});
	running.add(child);
	child.once("exit", () => running.delete(child));
	return child;
}

/** Waits until a port of this machine answers. */
export async function answering(port: number, child: ChildProcess): Promise<void> {
	const until = Date.now() + START_LIMIT_MS;
	while (Date.now() < until) {
		if (child.exitCode !== null) throw new Error(`a server ended by itself with ${child.exitCode}`);
		const open = await new Promise<boolean>((resolve) => {
			const socket = connect(port, "127.0.0.1");
			socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
			socket.once("connect", () => socket.destroy());
		});
		if (open) return;
		await delay(50);
	}
	throw new Error("a server did not start in time");
}

export async function ended(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
	child.kill("SIGTERM");
	await Promise.race([gone, delay(5000)]);
	child.kill("SIGKILL");
}
