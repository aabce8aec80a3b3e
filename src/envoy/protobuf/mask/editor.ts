import type { Buffer } from "node:buffer";
import { beginLength, createWriter, endMessage, finish, restart, writeBytes } from "../writer.ts";

/**
 * Copies a message with cuts and insertions, and corrects the lengths around them. Levels are values inside values
 * of the same bytes. What is not touched is copied in one piece, lengths and all, as it was written.
 */
export interface MessageEditor {
	begin(bytes: Buffer): void;
	/** Enters the value that begins at `start`; `length` is where its length begins, -1 for a group. */
	enter(length: number, start: number): void;
	/** Leaves it; the value around it goes on at `end`. */
	leave(end: number): void;
	/** Takes `[start, end)` of the present level out. */
	cut(start: number, end: number): void;
	/** As `cut`, with `bytes` in its place. */
	replace(start: number, end: number, bytes: Uint8Array): void;
	/** The edited message: `bytes` themselves when nothing was touched. */
	finish(end: number): Buffer;
}

/** A level of which nothing was written yet, and one that has no length. */
const UNTOUCHED = -1;
const NO_LENGTH = -2;

export function createMessageEditor(): MessageEditor {
	const w = createWriter();
	let bytes: Buffer;
	let depth = 0;
	// By depth: from where on the bytes are still to be copied, where the length stands, and its mark in the writer.
	const from: number[] = [0];
	const lengthAt: number[] = [-1];
	const marks: number[] = [NO_LENGTH];
	let touched = false;

	/** Writes what stands before the present level, and leaves room for its length. */
	function open(level: number): void {
		if (marks[level] !== UNTOUCHED) return;
		open(level - 1);
		const at = lengthAt[level]!;
		if (at < 0) {
			marks[level] = NO_LENGTH;
			writeBytes(w, bytes, from[level - 1]!, from[level]!);
		} else {
			writeBytes(w, bytes, from[level - 1]!, at);
			marks[level] = beginLength(w);
		}
	}

	function replace(start: number, end: number, by: Uint8Array | undefined): void {
		touched = true;
		open(depth);
		writeBytes(w, bytes, from[depth]!, start);
		if (by !== undefined) writeBytes(w, by, 0, by.length);
		from[depth] = end;
	}

	return {
		begin(given) {
			bytes = given;
			restart(w);
			depth = 0;
			from[0] = 0;
			touched = false;
		},
		enter(length, start) {
			depth++;
			lengthAt[depth] = length;
			marks[depth] = UNTOUCHED;
			from[depth] = start;
		},
		leave(end) {
			const mark = marks[depth]!;
			if (mark !== UNTOUCHED) {
				writeBytes(w, bytes, from[depth]!, end);
				if (mark !== NO_LENGTH) endMessage(w, mark);
				from[depth - 1] = end;
			}
			depth--;
		},
		cut: (start, end) => replace(start, end, undefined),
		replace,
		finish(end) {
			if (!touched) return bytes;
			writeBytes(w, bytes, from[0]!, end);
			return finish(w);
		},
	};
}
