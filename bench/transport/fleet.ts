import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { LoadOrder, LoadResult } from "../load/calls.ts";

/** Servers on one core, load on another, where the machine lets us choose. */
const PINNED = cpus().length > 1 && spawnSync("taskset", ["-c", "0,1", "true"]).status === 0;
const SERVER_CORE = 0;
const LOAD_CORE = 1;

function start(file: string, argv: readonly string[], core: number): ChildProcess {
	const node = [process.execPath, "--no-warnings", join(import.meta.dirname, file), ...argv];
	const [program = "", ...rest] = PINNED ? ["taskset", "-c", String(core), ...node] : node;
	return spawn(program, rest, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
}

async function reply<V>(child: ChildProcess, ask?: object): Promise<V> {
	const heard = new AbortController();
	const { signal } = heard;
	const answer = once(child, "message", { signal });
	const gone = once(child, "exit", { signal }).then(() => {
		throw new Error("a process of the benchmark ended by itself");
	});
	// What is not waited for any more listens no longer.
	for (const each of [answer, gone]) each.catch(() => undefined);
	if (ask !== undefined) child.send(ask);
	const [message] = (await Promise.race([answer, gone]).finally(() => heard.abort())) as [
		V & { readonly error?: string },
	];
	if (message.error !== undefined) throw new Error(message.error);
	return message;
}

export interface Measured extends LoadResult {
	/** CPU time of the server for one call, in microseconds. */
	readonly cpu: number;
	readonly rss: number;
}

export interface BenchServer {
	readonly address: string;
	measure(order: Omit<LoadOrder, "address">): Promise<Measured>;
	stop(): void;
}

export interface Fleet {
	server(config: string, way: string): Promise<BenchServer>;
	stop(): void;
}

interface Usage {
	readonly cpu: { readonly user: number; readonly system: number };
	readonly rss: number;
}

export async function startFleet(): Promise<Fleet> {
	const load = start("../load/load.ts", [], LOAD_CORE);
	await reply(load);
	const servers: ChildProcess[] = [];
	return {
		async server(config, way) {
			const child = start("server.ts", [config, way], SERVER_CORE);
			servers.push(child);
			const { address, missing } = await reply<{ address: string; missing: readonly string[] }>(child);
			if (missing.length > 0) throw new Error(`not ready: ${missing.join("; ")}`);
			return {
				address,
				async measure(order) {
					const before = await reply<Usage>(child, {});
					const result = await reply<LoadResult>(load, { ...order, address });
					const after = await reply<Usage>(child, {});
					const spent = after.cpu.user - before.cpu.user + after.cpu.system - before.cpu.system;
					return { ...result, cpu: spent / result.calls, rss: after.rss };
				},
				stop: () => child.disconnect(),
			};
		},
		stop() {
			for (const child of [...servers, load]) if (child.connected) child.disconnect();
		},
	};
}
