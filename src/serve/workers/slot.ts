import { setTimeout as pause } from "node:timers/promises";
import { FIXED_LIMITS } from "../../config/limits.ts";
import type { Config } from "../../config/types.ts";
import { workerAddress } from "../../config/worker-addresses.ts";
import type { Clock } from "../../lib/clock.ts";
import { PosternError } from "../../lib/errors.ts";
import { POISON_MS, type Poisoned } from "../../policy/poison.ts";
import type { Logger } from "../../telemetry/types.ts";
import type { AppAddresses } from "../app.ts";
import { createBackOff } from "./back-off.ts";
import { retire } from "./merge-metrics.ts";
import type { FromWatchdog, ToWorker } from "./messages.ts";
import type { Said, WorkerProcess } from "./worker-process.ts";

/** How long a worker may take from its start to its open ports, its first bundle included, and to answer a scrape. */
const START_MS = 120_000;
const ANSWER_MS = 1_000;
/** How long a bundle may take to load; a worker that hangs over it is ended long before. */
const LOAD_MS = 600_000;
/** A watchdog that says nothing for so many times of what an event loop may stand still is gone, or its process stopped. */
const SILENT_FACTOR = 10;
const LEAST_SILENT_MS = 10_000;

/** A bundle as all workers are to have it. */
export interface HandedBundle {
	readonly bytes: Uint8Array;
	readonly serial: number;
}

export interface SlotDeps {
	readonly config: Config;
	readonly version: string;
	readonly clock: Clock;
	readonly log: Logger;
	/** A process that is up, or soon will be. */
	readonly takeProcess: () => WorkerProcess;
	/** What is refused now, for a worker that starts. */
	readonly poisoned: () => readonly Poisoned[];
	/** This worker hung or trapped over an input: the others are told. */
	readonly onPoison: (poisoned: Poisoned, cause: "hang" | "trap") => void;
	/** It may be about to hang over an input, or was only slow after all. */
	readonly onSuspicion: (poisoned: Poisoned, holds: boolean) => void;
	readonly onRestart: (cause: "hang" | "exit") => void;
	/** It takes a bundle, for the first time or again; its ports open behind that. */
	readonly onReachable: () => void;
	/** Its ports are open, for the first time or again. */
	readonly onStarted: () => void;
	/** The least level of its log. */
	readonly logLevel: () => Config["log"]["level"];
}

/** The place of one worker: a process that is started again whenever it ends. */
export interface Slot {
	readonly number: number;
	/** Settles with the first process's start. @throws PosternError what it could not do. */
	start(): Promise<AppAddresses>;
	/** It takes bundles. */
	reachable(): boolean;
	/** Ports are open. */
	serving(): boolean;
	missing(): readonly string[];
	/** Rejects when the bundle is refused, or with `WorkerEnded`. */
	load(bundle: HandedBundle): Promise<void>;
	tell(message: ToWorker): void;
	/** Ends the process for something that is wrong with it; another one follows. */
	replace(why: string): void;
	/** No further process; the present one drains. Settles when it has ended and its output was handed on. */
	stop(reason: string): Promise<void>;
	force(): void;
	kill(): void;
	/** Its exposition, and what its predecessors had counted. */
	metrics(): Promise<{ readonly text: string; readonly retired: string }>;
	status(): Promise<object>;
}

export function createSlot(number: number, deps: SlotDeps): Slot {
	const { config, clock, log } = deps;
	const { serve } = config;
	const own: Config = {
		...config,
		serve: {
			...serve,
			grpc: serve.grpc.map((address) => workerAddress(address, number)),
			admin: "off",
			workers: 0,
		},
	};
	const silentMs = Math.max(LEAST_SILENT_MS, serve.hang_milliseconds * SILENT_FACTOR);
	const backOff = createBackOff(clock);
	let current: WorkerProcess | undefined;
	let reachable = false;
	let addresses: AppAddresses | undefined;
	let unready: readonly string[] = ["it starts"];
	let respawn: NodeJS.Timeout | undefined;
	let stopping = false;
	let forced = false;
	let restarts = 0;
	/** The exposition as it was last read from the present process. */
	let lastText = "";
	let retired = "";

	/** One process from its start to its end. Resolves when its ports are open; rejects when it ends before that. */
	function run(): Promise<AppAddresses> {
		/** What it has been evaluating for longer than usual. */
		let running: Poisoned | undefined;
		let cause: "hang" | "exit" = "exit";
		let heard = clock.monotonic();
		let failure: PosternError | undefined;
		unready = ["it starts"];
		return new Promise((resolve, reject) => {
			const worker = deps.takeProcess();
			current = worker;
			const late = setTimeout(() => end("it does not start"), START_MS);
			const watch = setInterval(() => {
				if (addresses !== undefined && clock.monotonic() - heard > silentMs) end("its watchdog is silent");
			}, silentMs / 4);
			watch.unref();

			function end(why: string): void {
				log.error({ worker: number, pid: worker.pid, why }, "worker is ended");
				worker.kill();
			}
			function onMessage(message: Said): void {
				if (message.type === "up") {
					const { version } = deps;
					const now = { ...own, log: { level: deps.logLevel() } };
					worker.send({ type: "start", worker: number, config: now, version, poisoned: deps.poisoned() });
				} else if (message.type === "waiting") {
					reachable = true;
					deps.onReachable();
				} else if (message.type === "started") {
					clearTimeout(late);
					heard = clock.monotonic();
					addresses = message.addresses;
					backOff.worked();
					resolve(message.addresses);
					deps.onStarted();
				} else if (message.type === "failed") failure = new PosternError(message.code, message.message);
				else if (message.type === "readiness") unready = message.missing;
				else deps.onPoison(message.poisoned, "trap");
			}
			function onWatchdog(message: FromWatchdog): void {
				heard = clock.monotonic();
				if (message.type === "running") {
					running = { digest: message.digest, length: message.length, ms: POISON_MS };
					deps.onSuspicion(running, true);
				} else if (message.type === "done") {
					if (running !== undefined) deps.onSuspicion(running, false);
					running = undefined;
				} else if (message.type === "hung" && cause !== "hang") {
					cause = "hang";
					// Before its calls fail and are repeated elsewhere.
					condemn();
					end("its event loop stands still");
				}
			}
			/** What it was evaluating is to blame for its end. */
			function condemn(): void {
				if (running !== undefined) deps.onPoison(running, "hang");
				running = undefined;
			}
			worker.listen({ onMessage, onWatchdog });
			void worker.ended.then((how) => {
				clearTimeout(late);
				clearInterval(watch);
				const before = addresses;
				addresses = undefined;
				reachable = false;
				current = stopping ? worker : undefined;
				unready = [`it ended: ${how}`];
				retired = retire(retired, lastText);
				lastText = "";
				condemn();
				reject(failure ?? new PosternError("internal", `worker ${number} ended: ${how}`));
				if (stopping) return;
				// What cannot start the first time is for a person to mend.
				if (before === undefined && restarts === 0) return;
				restart(cause, how, failure);
			});
		});
	}

	function restart(cause: "hang" | "exit", how: string, failure: PosternError | undefined): void {
		restarts++;
		deps.onRestart(cause);
		const waitMs = backOff.next();
		const why = failure === undefined ? {} : { code: failure.code, error: failure.message };
		log.error({ worker: number, cause, how, ...why, wait_ms: waitMs }, "worker ended and is replaced");
		respawn = setTimeout(() => void run().catch(() => undefined), waitMs);
	}

	return {
		number,
		start: run,
		reachable: () => reachable,
		serving: () => addresses !== undefined,
		missing: () => unready,
		async load(bundle) {
			if (current === undefined) throw new PosternError("internal", "the worker is not there");
			await current.ask({ type: "policy", ...bundle }, LOAD_MS);
		},
		tell: (message) => current?.send(message),
		replace(why) {
			log.error({ worker: number, why }, "worker is ended");
			current?.kill();
		},
		async stop(reason) {
			stopping = true;
			clearTimeout(respawn);
			unready = ["draining: it is on its way out"];
			if (forced) current?.send({ type: "force" });
			current?.send({ type: "stop", reason });
			await current?.ended;
			// What it left in the pipes gets as long as its own sink had.
			await Promise.race([
				current?.silent,
				pause(FIXED_LIMITS.shutdown_audit_seconds.value * 1000, undefined, { ref: false }),
			]);
		},
		force() {
			forced = true;
			current?.send({ type: "force" });
		},
		kill: () => current?.kill(),
		async metrics() {
			try {
				const text = await current?.ask({ type: "metrics" }, ANSWER_MS);
				if (typeof text === "string" && addresses !== undefined) lastText = text;
			} catch {
				// What it said last stands until it answers again.
			}
			return { text: lastText, retired };
		},
		async status() {
			const answer = await current?.ask({ type: "status" }, ANSWER_MS).catch(() => undefined);
			const state = addresses === undefined ? "starting" : unready.length === 0 ? "ready" : "not ready";
			return {
				worker: number,
				pid: current?.pid,
				state,
				missing: unready,
				endpoints: addresses?.grpc ?? own.serve.grpc,
				restarts,
				...(typeof answer === "object" ? answer : {}),
			};
		},
	};
}
