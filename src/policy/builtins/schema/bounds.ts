import { patternSize } from "../go/regexp-size.ts";

/** Nested containers of a schema or a document: as many as a builtin's argument may have. */
export const MAX_NESTING = 512;

/**
 * Schemas inside one another, references followed among them, while compiling and while checking. The stack of a thread
 * holds half as many again.
 */
const MAX_DEPTH = 512;

/** Schemas that one text may be compiled into: what a reference means counts again for each way of writing it. */
const MAX_SCHEMAS = 1 << 16;

/** What compiling one schema, or checking one document, may take; a step is a look-up, or some characters read. */
const MAX_STEPS = 1 << 22;

/** Characters that count as one step, when they are but read, and when they are taken apart. */
const READ_TEXT = 16;
const PARSED_TEXT = 4;

/** Steps for each instruction of a pattern that is compiled. */
const INSTRUCTION_STEPS = 8;

/** Digits and zeros of a number that is calculated with or written out. */
export const MAX_DIGITS = 2_000;

/** Compiled schemas that are kept, and what they may take in all, in units of about ten bytes. */
export const MAX_KEPT = 256;
export const MAX_KEPT_SIZE = 1 << 23;

/** What a schema takes that has nothing in it, and an instruction of a pattern. */
const SCHEMA_SIZE = 30;
const INSTRUCTION_SIZE = 30;

/**
 * A schema or a document beyond all reason: the evaluation is given up, for a policy may take "undefined" for a yes.
 * What crashes OPA, or keeps it busy without end, is among it.
 */
export const beyond = (what: string): RangeError => new RangeError(`JSON Schema: ${what}`);

/** What is left of the bounds of one run. Whatever is too much throws a RangeError. */
export interface Effort {
	step(count?: number): void;
	/** Steps for looking at a text of some length. */
	read(length: number): void;
	/** Steps for taking apart a text of some length. */
	parse(length: number): void;
	/** Steps for compiling a pattern. */
	pattern(text: string): void;
	/** One more schema was made. */
	schema(): void;
	/** From here on until `leave` everything is one level deeper. */
	enter(): void;
	leave(): void;
	/** What was made takes so much, in the units of `MAX_KEPT_SIZE`. */
	size(): number;
}

export function effort(): Effort {
	let steps = MAX_STEPS;
	let schemas = MAX_SCHEMAS;
	let depth = 0;
	let size = 0;
	const step = (count = 1): void => {
		steps -= count;
		if (steps < 0) throw beyond("too much to do");
	};
	return {
		step,
		read: (length) => step(1 + Math.floor(length / READ_TEXT)),
		parse: (length) => step(1 + Math.floor(length / PARSED_TEXT)),
		pattern(text) {
			const instructions = patternSize(text);
			size += instructions * INSTRUCTION_SIZE;
			step(1 + instructions * INSTRUCTION_STEPS);
		},
		schema() {
			schemas--;
			size += SCHEMA_SIZE;
			if (schemas < 0) throw beyond("too many schemas");
		},
		enter() {
			depth++;
			if (depth > MAX_DEPTH) throw beyond("nested too deep");
		},
		leave() {
			depth--;
		},
		size: () => size,
	};
}
