import { Worker } from "node:worker_threads";
import type { EvaluationNotes } from "../../policy/guard.ts";
import { allocateNotes, CELL, viewNotes, writeNotes } from "./shared-notes.ts";

/** What a watchdog thread is told at its start. */
export interface WatchdogOrder {
	readonly memory: SharedArrayBuffer;
	/** Where it tells what it sees. */
	readonly fd: number;
	readonly hangMilliseconds: number;
}

export interface WatchdogOptions {
	readonly fd: number;
	readonly hangMilliseconds: number;
	readonly maxInputBytes: number;
}

export interface Watchdog {
	readonly notes: EvaluationNotes;
	/** Loading takes its time in one piece; the event loop may stand still for longer meanwhile. */
	whileLoading<T>(load: () => Promise<T>): Promise<T>;
	stop(): void;
}

/** How often the main thread shows that it lives, in the time that it may stand still. */
const BEATS = 32;

// A package holds the same file without its types.
const THREAD = new URL(
	import.meta.url.endsWith(".ts") ? "./watchdog-thread.ts" : "./watchdog-thread.js",
	import.meta.url,
);

/**
 * Has this thread watched by another one, which sees it stand still when nothing on this thread could: WebAssembly
 * cannot be interrupted, so a process whose policy loops has to be ended from outside.
 */
export function startWatchdog({ fd, hangMilliseconds, maxInputBytes }: WatchdogOptions): Watchdog {
	const memory = allocateNotes(maxInputBytes);
	const views = viewNotes(memory);
	const { cells } = views;
	const order: WatchdogOrder = { memory, fd, hangMilliseconds };
	const thread = new Worker(THREAD, {
		workerData: order,
		name: "watchdog",
		resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1, codeRangeSizeMb: 4 },
	});
	thread.unref();
	const beat = setInterval(() => Atomics.add(cells, CELL.beat, 1), hangMilliseconds / BEATS);
	beat.unref();
	return {
		notes: writeNotes(views),
		async whileLoading(load) {
			Atomics.add(cells, CELL.loading, 1);
			try {
				return await load();
			} finally {
				Atomics.sub(cells, CELL.loading, 1);
			}
		},
		stop() {
			clearInterval(beat);
			Atomics.store(cells, CELL.stop, 1);
			Atomics.notify(cells, CELL.stop);
		},
	};
}
