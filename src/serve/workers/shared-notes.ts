import type { EvaluationNotes } from "../../policy/guard.ts";

/** 32-bit cells at the start of the memory that a worker's main thread shares with its watchdog. */
export const CELL = {
	/** Counted on by a timer of the main thread. */
	beat: 0,
	/** Counted on before and after each evaluation: odd while one is under way. */
	evaluation: 1,
	inputBytes: 2,
	entrypointBytes: 3,
	/** Loads of bundles under way. */
	loading: 4,
	/** 1: the watchdog ends. */
	stop: 5,
} as const;

const CELLS_BYTES = 64;
/** Longest entrypoint's name that is noted whole. */
const ENTRYPOINT_BYTES = 2048;
const INPUT_AT = CELLS_BYTES + ENTRYPOINT_BYTES;

/** Views of the shared memory, for either side. */
export interface NotesMemory {
	readonly cells: Int32Array;
	readonly entrypoint: Uint8Array;
	readonly input: Uint8Array;
}

/** Memory for inputs of up to `maxInputBytes`; the system gives it page by page as larger inputs come. */
export function allocateNotes(maxInputBytes: number): SharedArrayBuffer {
	return new SharedArrayBuffer(INPUT_AT + maxInputBytes);
}

export function viewNotes(memory: SharedArrayBuffer): NotesMemory {
	return {
		cells: new Int32Array(memory, 0, CELLS_BYTES / Int32Array.BYTES_PER_ELEMENT),
		entrypoint: new Uint8Array(memory, CELLS_BYTES, ENTRYPOINT_BYTES),
		input: new Uint8Array(memory, INPUT_AT),
	};
}

/** The main thread's side: a copy of the input is all that an evaluation costs more. */
export function writeNotes({ cells, entrypoint, input }: NotesMemory): EvaluationNotes {
	let noted: string | undefined;
	const count = (): void => {
		Atomics.store(cells, CELL.evaluation, ((cells[CELL.evaluation] as number) + 1) | 0);
	};
	return {
		begin(name, document) {
			if (name !== noted) {
				const bytes = Buffer.from(name).subarray(0, ENTRYPOINT_BYTES);
				entrypoint.set(bytes);
				cells[CELL.entrypointBytes] = bytes.length;
				noted = name;
			}
			// What is longer is refused by the evaluation itself.
			if (document.length <= input.length) input.set(document);
			cells[CELL.inputBytes] = Math.min(document.length, input.length);
			count();
		},
		end: count,
	};
}
