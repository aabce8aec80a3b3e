import type { WorkerProcess } from "./worker-process.ts";

/** How soon another spare is made when one ended by itself. */
const AGAIN_MS = 10_000;

/**
 * A process that has loaded everything and waits for its orders: most of the time that a worker takes to start has
 * passed before one is needed.
 */
export interface Spare {
	/** The spare, or a process that is only now started. */
	take(): WorkerProcess;
	/** Sees to it that there is one. */
	prepare(): void;
	/** Ends it; none is made any more. */
	stop(): void;
}

export function createSpare(start: () => WorkerProcess): Spare {
	let spare: WorkerProcess | undefined;
	let stopped = false;

	function prepare(): void {
		if (spare !== undefined || stopped) return;
		const made = start();
		spare = made;
		void made.ended.then(() => {
			if (spare !== made) return;
			spare = undefined;
			setTimeout(prepare, AGAIN_MS).unref();
		});
	}
	return {
		take() {
			const taken = spare ?? start();
			spare = undefined;
			return taken;
		},
		prepare,
		stop() {
			stopped = true;
			spare?.kill();
		},
	};
}
