import { poisonDigest } from "../../policy/poison.ts";
import type { FromWatchdog } from "./messages.ts";
import { CELL, type NotesMemory } from "./shared-notes.ts";

/** Looks in the time for which the event loop may stand still. */
export const LOOKS = 16;
/** How many times as long it may while a bundle is loaded: parsed, verified, compiled in one piece. */
const LOADING_FACTOR = 20;

/** Looks worth of a core after which one evaluation is told: early enough for others to know it before Envoy asks them. */
const SUSPECT_LOOKS = 0.5;
/** A process that has had less of a core than this share waits for its turn, and may stand still for longer. */
const BUSY_SHARE = 0.25;
const WAITING_FACTOR = 4;

/**
 * One look after the other at a main thread, {@link LOOKS} of them in the time that it may stand still. Looks are
 * counted, not time: a machine that sleeps puts the watcher to sleep as well. `cpuMilliseconds`: what the process has
 * used so far.
 */
export function createWatching(
	{ cells, entrypoint, input }: NotesMemory,
	hangMilliseconds: number,
	cpuMilliseconds: () => number,
): () => readonly FromWatchdog[] {
	let beat = -1;
	let evaluation = -1;
	/** Looks that found nothing changed. */
	let still = 0;
	let cpuBefore = 0;
	/** Something was told that no longer holds when the thread goes on. */
	let told = false;

	/** Undefined when the evaluation ended meanwhile: what was read may be the next one's. */
	function running(): FromWatchdog | undefined {
		const length = cells[CELL.inputBytes] as number;
		const name = Buffer.from(entrypoint.slice(0, cells[CELL.entrypointBytes] as number));
		const digest = poisonDigest(name, input.slice(0, length));
		return Atomics.load(cells, CELL.evaluation) === evaluation
			? { type: "running", digest, length }
			: undefined;
	}

	return () => {
		const nowBeat = Atomics.load(cells, CELL.beat);
		const nowEvaluation = Atomics.load(cells, CELL.evaluation);
		const said: FromWatchdog[] = [{ type: "beat" }];
		if (nowBeat !== beat || nowEvaluation !== evaluation) {
			beat = nowBeat;
			evaluation = nowEvaluation;
			still = 0;
			cpuBefore = cpuMilliseconds();
			if (told) said.push({ type: "done" });
			told = false;
			return said;
		}
		still++;
		const evaluating = (evaluation & 1) === 1;
		const used = cpuMilliseconds() - cpuBefore;
		if (evaluating && !told && used >= (hangMilliseconds / LOOKS) * SUSPECT_LOOKS) {
			const found = running();
			if (found !== undefined) said.push(found);
			told = true;
		}
		const loading = Atomics.load(cells, CELL.loading) > 0 && !evaluating;
		const waited = used < hangMilliseconds * BUSY_SHARE;
		const factor = loading ? LOADING_FACTOR : waited ? WAITING_FACTOR : 1;
		if (still >= LOOKS * factor) said.push({ type: "hung" });
		return said;
	};
}
