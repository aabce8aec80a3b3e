import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import type { LoadOrder, LoadResult } from "../load/calls.ts";
import type { Running } from "./contenders.ts";
import { busyOfMachine, cpuOfFamily, memoryOfFamily } from "./cpu.ts";
import { ended, LOAD_CORE, spawnPinned } from "./served.ts";

/** CPU time that others may take in a window, cores; a window with more, or with calls that failed, is made again. */
const FOREIGN = 0.15;
const ATTEMPTS = 3;

/** One stretch of calls. */
export interface Window extends LoadResult {
	/** CPU time of the server for one call, microseconds; NaN where nobody can tell. */
	readonly cpu: number;
	/** The same of Envoy, where one stands before it. */
	readonly envoyCpu?: number;
	readonly rss: number;
	/** Cores that were busy with something else. */
	readonly foreign: number;
}

export interface Load {
	measure(order: Omit<LoadOrder, "address">, server: Running, envoy?: Running): Promise<Window>;
	stop(): Promise<void>;
}

export async function startLoad(folder: string): Promise<Load> {
	const argv = [process.execPath, "--no-warnings", join(import.meta.dirname, "../load/load.ts")];
	const child: ChildProcess = spawnPinned(argv, LOAD_CORE, { log: join(folder, "load.log"), ipc: true });
	await once(child, "message");

	async function fire(order: LoadOrder): Promise<LoadResult> {
		const answer = once(child, "message");
		child.send(order);
		const [message] = (await answer) as [LoadResult & { readonly error?: string }];
		if (message.error !== undefined) throw new Error(message.error);
		return message;
	}
	const spentBy = (one: Running | undefined): number => (one?.pid === undefined ? 0 : cpuOfFamily(one.pid));

	async function stretch(
		order: Omit<LoadOrder, "address">,
		server: Running,
		envoy?: Running,
	): Promise<Window> {
		const before = [spentBy(server), spentBy(envoy), busyOfMachine()] as const;
		const result = await fire({ ...order, address: (envoy ?? server).address });
		const [own, inEnvoy, busy] = [
			spentBy(server) - before[0],
			spentBy(envoy) - before[1],
			busyOfMachine() - before[2],
		];
		return {
			...result,
			cpu: server.pid === undefined ? Number.NaN : own / result.calls,
			...(envoy === undefined ? {} : { envoyCpu: inEnvoy / result.calls }),
			rss: server.pid === undefined ? Number.NaN : memoryOfFamily(server.pid),
			foreign: Math.max(0, (busy - own - inEnvoy - result.spent) / 1e6 / result.seconds),
		};
	}
	return {
		async measure(order, server, envoy) {
			let best = await stretch(order, server, envoy);
			for (let attempt = 1; attempt < ATTEMPTS && !isQuiet(best); attempt++) {
				await delay(500);
				const next = await stretch(order, server, envoy);
				if (next.failed < best.failed || (next.failed === best.failed && next.foreign < best.foreign))
					best = next;
			}
			return best;
		},
		stop: () => ended(child),
	};
}

const isQuiet = ({ foreign, failed }: Window): boolean => foreign <= FOREIGN && failed === 0;

/** Those that nobody disturbed, or all where there is none. */
export function undisturbed(windows: readonly Window[]): readonly Window[] {
	const quiet = windows.filter(isQuiet);
	return quiet.length > 0 ? quiet : windows;
}
