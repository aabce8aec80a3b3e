import { LRUCache } from "lru-cache";
import type { Evaluation } from "./types.ts";

export interface MemoLimits {
	readonly memo: "on" | "off";
	/** Answers that are kept. */
	readonly memo_entries: number;
	/** What documents and answers may take together, bytes. */
	readonly memo_bytes: number;
}

export interface MemoStats {
	readonly hits: number;
	readonly misses: number;
	readonly entries: number;
	readonly bytes: number;
}

/** Answers of one loaded policy by what was asked. Belongs to it alone: its serial and builtins need not be in a key. */
export interface Memo {
	/** The answer that this entrypoint gave over these very bytes, or what `make` gives now. */
	answer(entrypoint: string, input: Uint8Array, make: () => Evaluation): Evaluation;
	stats(): MemoStats;
}

/** What an entry costs besides its texts. */
const ENTRY_BYTES = 256;

/**
 * Keys are compared whole, never by a digest. Only answers are kept: a failure may pass, and what a caller is charged,
 * handed or recorded is worked out anew behind every answer.
 */
export function createMemo({ memo_entries: max, memo_bytes: maxSize }: Omit<MemoLimits, "memo">): Memo {
	const kept = new LRUCache<string, Evaluation>({ max, maxSize });
	let hits = 0;
	let misses = 0;
	return {
		answer(entrypoint, input, make) {
			const { buffer, byteOffset, length } = input;
			// One unit a byte; no entrypoint holds U+0000.
			const key = `${entrypoint}\0${Buffer.from(buffer, byteOffset, length).toString("latin1")}`;
			const known = kept.get(key);
			if (known !== undefined) {
				hits++;
				return known;
			}
			misses++;
			const made = make();
			if (made.kind !== "failed") kept.set(key, made, { size: key.length + sizeOf(made) + ENTRY_BYTES });
			return made;
		},
		stats: () => ({ hits, misses, entries: kept.size, bytes: kept.calculatedSize }),
	};
}

/** About the size of an answer in memory: its text, two bytes a unit. */
function sizeOf(evaluation: Evaluation): number {
	return evaluation.kind === "value" ? 2 * JSON.stringify(evaluation.value).length : 0;
}
