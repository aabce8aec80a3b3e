import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { freePorts } from "../envoy/free-ports.ts";
import { until } from "../until.ts";
import type { Packages } from "./packages.ts";

const running = new Set<ChildProcess>();
process.on("exit", () => {
	for (const child of running) child.kill("SIGKILL");
});

export interface Stranger {
	readonly address: string;
	stop(): void;
}

async function serve(
	command: string,
	args: (port: number) => readonly string[],
	env: Readonly<Record<string, string>>,
): Promise<Stranger> {
	const [port = 0] = await freePorts(1);
	const child = spawn(command, args(port), { env: { ...process.env, ...env }, stdio: "ignore" });
	running.add(child);
	child.once("exit", () => running.delete(child));
	await until(() => running.has(child) && isListening(port));
	return { address: `127.0.0.1:${port}`, stop: () => child.kill("SIGKILL") };
}

function isListening(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, "127.0.0.1", () => {
			socket.destroy();
			resolve(true);
		});
		socket.once("error", () => resolve(false));
	});
}

/** httpbin, of PyPI. */
export async function startHttpbin({ python }: Packages): Promise<Stranger> {
	const flask = (port: number) => ["-m", "flask", "--app", "httpbin", "run", "--port", String(port)];
	return serve("python3", flask, { PYTHONPATH: python });
}

/** json-server, of npm, over a file of records. */
export async function startJsonServer({ npm }: Packages, file: string): Promise<Stranger> {
	const main = join(npm, "node_modules", "json-server", "lib", "cli", "bin.js");
	return serve(
		process.execPath,
		(port) => [main, "--quiet", "--host", "127.0.0.1", "--port", String(port), file],
		{},
	);
}
