import type { PathNode, PathTree } from "../path-tree.ts";
import type { Plan } from "../plan.ts";
import type { Tally } from "../tally.ts";
import type { MaskerOptions, Refusal } from "../types.ts";
import type { Output } from "./output.ts";

/** Reads one JSON text after another and writes what the plan lets through to an `Output`. */
export interface JsonScanner {
	/** Reads `chunk[start, end)`, the chunk that the output was begun with. */
	feed(chunk: Uint8Array, start: number, end: number): Refusal | undefined;
	/** The text to come is at `node`, not at the root; null: nobody judges it, its form alone is looked at. */
	startAt(node: PathNode | null): void;
	/** Copies bytes that frame the text and are no part of it, in their place. */
	frame(chunk: Uint8Array, start: number, end: number): Refusal | undefined;
	/** As `frame`, for bytes that are not of the chunk. */
	put(bytes: Uint8Array): Refusal | undefined;
	/** A line end of the text that is written elsewhere, as part of the framing. */
	lineEnd(): Refusal | undefined;
	/** What is read goes nowhere: it is part of a value that is removed or replaced. */
	readonly dropping: boolean;
	/** Ends the text; another may follow. Answers `undefined` also for a blank one, unless `required`. */
	endText(required: boolean): Refusal | undefined;
}

/** What a body is masked with. */
export interface MaskContext {
	readonly plan: Plan;
	readonly tree: PathTree;
	readonly tally: Tally;
	readonly output: Output;
	readonly options: MaskerOptions;
}
