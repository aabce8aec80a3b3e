import { MASK, RELEASE, WITHHOLD } from "../automaton.ts";
import { decodeString, encodeScalar } from "../json-text.ts";
import { MAX_DEPTH, MAX_KEY_BYTES, MAX_SCALAR_BYTES } from "../limits.ts";
import type { Edge, PathNode, PathTree } from "../path-tree.ts";
import type { Plan } from "../plan.ts";
import type { MaskAction, ScalarKind } from "../strategies.ts";
import type { Tally } from "../tally.ts";
import type { MaskerOptions, Refusal } from "../types.ts";
import { createByteBuffer } from "./byte-buffer.ts";
import { createHeld } from "./held.ts";
import { NUMBER_START, numberEnds, scanNumber, stepNumber } from "./number.ts";
import type { Output } from "./output.ts";
import { type StringState, scanString, stepString } from "./string.ts";

/** Reads one JSON text after another and writes what the plan lets through to an `Output`. */
export interface JsonScanner {
	/** Reads `chunk[start, end)`, the chunk that the output was begun with. */
	feed(chunk: Uint8Array, start: number, end: number): Refusal | undefined;
	/** Copies bytes that frame the text and are no part of it, in their place. */
	frame(chunk: Uint8Array, start: number, end: number): Refusal | undefined;
	/** A line end of the text that is written elsewhere, as part of the framing. */
	lineEnd(): Refusal | undefined;
	/** What is read goes nowhere: it is part of a value that is removed or replaced. */
	readonly dropping: boolean;
	/** Ends the text; another may follow. Answers `undefined` also for a blank one, unless `required`. */
	endText(required: boolean): Refusal | undefined;
}

export interface JsonContext {
	readonly plan: Plan;
	readonly tree: PathTree;
	readonly tally: Tally;
	readonly output: Output;
	readonly options: MaskerOptions;
}

/** What is expected next. */
const VALUE = 0;
const FIRST_ELEMENT = 1;
const FIRST_KEY = 2;
const KEY = 3;
const COLON = 4;
const AFTER = 5;
const DONE = 6;
/** Inside a token that goes on in the next chunk. */
const IN_KEY = 7;
const IN_STRING = 8;
const IN_NUMBER = 9;
const IN_LITERAL = 10;

const SPACE = new Uint8Array(256);
for (const c of " \t\n\r") SPACE[c.charCodeAt(0)] = 1;

/** Kinds of value by their first byte. */
const STRING = 1;
const NUMBER = 2;
const LITERAL = 3;
const OBJECT = 4;
const ARRAY = 5;
const KIND = new Uint8Array(256);
KIND[0x22] = STRING;
for (const c of "-0123456789") KIND[c.charCodeAt(0)] = NUMBER;
for (const c of "tfn") KIND[c.charCodeAt(0)] = LITERAL;
KIND[0x7b] = OBJECT;
KIND[0x5b] = ARRAY;

const WORD_TRUE = Buffer.from("true");
const WORD_FALSE = Buffer.from("false");
const WORD_NULL = Buffer.from("null");
const QUOTE = Buffer.from('"');

/** Bits of a level of nesting. */
const IS_ARRAY = 1;
const HAS_KEPT = 2;

export function createJsonScanner(context: JsonContext): JsonScanner {
	const { plan, tree, tally, output, options } = context;
	let expect = VALUE;
	let depth = 0;
	/** The place of the value that comes next; null inside what is dropped. */
	let valueNode: PathNode | null = tree.root;
	// By depth; level 0 is outside of the root.
	const levels = new Uint8Array(MAX_DEPTH + 1);
	const nodes: (PathNode | null)[] = [null];
	const lastEdges: (Edge | null)[] = [null];
	const indexes: number[] = [0];
	/** The depth of the value that is being dropped or replaced, or -1. */
	let drop = -1;
	/** What stands before the next verdict is held back. */
	let holding = false;
	const held = createHeld();
	/** How the scalar at hand is masked once it is read; null when it is not. */
	let action: MaskAction | null = null;
	const token = createByteBuffer();
	const string: StringState = { at: 0, closed: false };
	let numberState = NUMBER_START;
	let word: Uint8Array = WORD_NULL;
	let wordAt = 0;

	function elementNode(node: PathNode, index: number): PathNode {
		if (!node.indexed && node.element !== null) return node.element;
		return tree.element(node, index, tally.counting);
	}

	/** The raw text of a masked scalar is known: writes what takes its place. */
	function putMasked(kind: ScalarKind, b: Uint8Array, start: number, end: number): void {
		const node = valueNode!;
		const text =
			kind === "string"
				? decodeString(b, start, end)
				: Buffer.from(b.subarray(start, end)).toString("latin1");
		const masked = action!.apply(kind, text, node.path, options);
		action = null;
		if (masked !== undefined) output.put(encodeScalar(masked));
		else if (kind === "number") output.put(Buffer.from(b.subarray(start, end)));
		else output.put(Buffer.concat([QUOTE, b.subarray(start, end), QUOTE]));
	}

	function feed(b: Uint8Array, start: number, to: number): Refusal | undefined {
		let i = start;
		let st = expect;
		let d = depth;
		let vn = valueNode;
		/** Everything from here on is kept, if nothing is being dropped. */
		let from = start;
		/** Where what is held back begins, or -1. */
		let hold = holding ? start : -1;
		let node: PathNode | null = nodes[d]!;

		while (i < to) {
			switch (st) {
				case VALUE:
				case FIRST_ELEMENT: {
					const c = b[i]!;
					if (SPACE[c] === 1) {
						i++;
						continue;
					}
					const kind = KIND[c]!;
					if (kind === 0) {
						if (st !== FIRST_ELEMENT || c !== 0x5d) return "body_malformed";
						st = AFTER;
						continue;
					}
					if (vn !== null) {
						const verdict = kind === OBJECT ? vn.object : kind === ARRAY ? vn.array : vn.scalar;
						if (verdict === RELEASE) {
							if (hold >= 0) {
								if (!held.empty) held.release(output);
								hold = -1;
							}
							levels[d]! |= HAS_KEPT;
							if (kind < OBJECT) tally.count(vn.scalarEntry, vn, RELEASE);
						} else {
							const entry =
								kind === OBJECT ? vn.objectEntry : kind === ARRAY ? vn.arrayEntry : vn.scalarEntry;
							tally.count(entry, vn, verdict);
							drop = d;
							if (verdict === WITHHOLD && d > 0) {
								output.keep(from, hold);
								if (!held.empty) held.drop(output);
								hold = -1;
							} else {
								if (hold >= 0 && !held.empty) held.release(output);
								hold = -1;
								levels[d]! |= HAS_KEPT;
								output.keep(from, i);
								if (verdict === WITHHOLD) output.put(WORD_NULL);
								else {
									const found = plan.actions[verdict - MASK]!;
									const fixed = fixedFor(found, kind, c);
									if (fixed !== undefined) output.put(fixed);
									else if (kind === LITERAL) {
										output.put(
											encodeScalar(found.apply("boolean", c === 0x74 ? "true" : "false", vn.path, options)!),
										);
									} else action = found;
								}
							}
						}
					}
					if (kind === STRING) {
						i++;
						const end = scanString(b, i, to);
						if (end < 0) {
							string.at = 0;
							token.clear();
							st = IN_STRING;
							continue;
						}
						if (drop === d) {
							if (action !== null) {
								if (end - i > MAX_SCALAR_BYTES) return "body_too_large";
								valueNode = vn;
								putMasked("string", b, i, end);
							}
							drop = -1;
							from = end + 1;
						}
						i = end + 1;
						st = AFTER;
					} else if (kind === NUMBER) {
						const end = scanNumber(b, i, to);
						if (end < 0) {
							numberState = NUMBER_START;
							token.clear();
							st = IN_NUMBER;
							continue;
						}
						if (drop === d) {
							if (action !== null) {
								if (end - i > MAX_SCALAR_BYTES) return "body_too_large";
								valueNode = vn;
								putMasked("number", b, i, end);
							}
							drop = -1;
							from = end;
						}
						i = end;
						st = AFTER;
					} else if (kind === LITERAL) {
						word = c === 0x74 ? WORD_TRUE : c === 0x66 ? WORD_FALSE : WORD_NULL;
						wordAt = 0;
						st = IN_LITERAL;
					} else {
						if (d >= MAX_DEPTH) return "body_too_deep";
						node = drop >= 0 ? null : vn;
						d++;
						nodes[d] = node;
						i++;
						if (node?.mixed) hold = i;
						if (kind === OBJECT) {
							levels[d] = 0;
							lastEdges[d] = null;
							st = FIRST_KEY;
						} else {
							levels[d] = IS_ARRAY;
							indexes[d] = 0;
							vn = node === null ? null : elementNode(node, 0);
							st = FIRST_ELEMENT;
						}
						// White space is rare here: most containers go on with their first token.
						continue;
					}
					continue;
				}
				case AFTER: {
					const c = b[i]!;
					if (SPACE[c] === 1) {
						i++;
						continue;
					}
					if (d === 0) {
						st = DONE;
						continue;
					}
					const isArray = (levels[d]! & IS_ARRAY) !== 0;
					if (c === 0x2c) {
						if (node?.mixed) {
							if ((levels[d]! & HAS_KEPT) !== 0) hold = i;
							else {
								// Nothing before this comma stays, so the comma goes.
								output.keep(from, i);
								from = i + 1;
								hold = i + 1;
							}
						}
						i++;
						if (isArray) {
							if (node !== null) vn = elementNode(node, ++indexes[d]!);
							st = VALUE;
						} else st = KEY;
						continue;
					}
					if (c !== (isArray ? 0x5d : 0x7d)) return "body_malformed";
					if (hold >= 0) {
						if (!held.empty) held.release(output);
						hold = -1;
					}
					i++;
					d--;
					node = nodes[d]!;
					if (drop === d) {
						drop = -1;
						from = i;
					}
					continue;
				}
				case FIRST_KEY:
				case KEY: {
					const c = b[i]!;
					if (c !== 0x22) {
						if (SPACE[c] === 1) i++;
						else if (c === 0x7d && st === FIRST_KEY) st = AFTER;
						else return "body_malformed";
						continue;
					}
					i++;
					if (node !== null) {
						const last = lastEdges[d]!;
						const guess = last === null ? node.first : last.next;
						if (guess !== null) {
							const raw = guess.raw;
							const length = raw.length;
							if (i + length < to && b[i + length] === 0x22) {
								let k = 0;
								while (k < length && raw[k] === b[i + k]) k++;
								if (k === length) {
									lastEdges[d] = guess;
									vn = guess.node;
									i += length + 1;
									if (i < to && b[i] === 0x3a) {
										i++;
										st = VALUE;
									} else st = COLON;
									continue;
								}
							}
						}
					}
					const end = scanString(b, i, to);
					if (end < 0) {
						string.at = 0;
						token.clear();
						st = IN_KEY;
						continue;
					}
					if (end - i > MAX_KEY_BYTES) return "body_too_large";
					if (node !== null) vn = takeEdge(node, d, b, i, end);
					else vn = null;
					i = end + 1;
					st = COLON;
					continue;
				}
				case COLON: {
					const c = b[i]!;
					if (c === 0x3a) st = VALUE;
					else if (SPACE[c] !== 1) return "body_malformed";
					i++;
					continue;
				}
				case DONE: {
					if (SPACE[b[i]!] !== 1) return "body_malformed";
					i++;
					continue;
				}
				case IN_KEY: {
					const stop = Math.min(to, i + MAX_KEY_BYTES - token.length + 1);
					const end = stepString(string, b, i, stop);
					if (end < 0) return "body_malformed";
					token.append(b, i, string.closed ? end - 1 : end);
					if (token.length > MAX_KEY_BYTES) return "body_too_large";
					i = end;
					if (string.closed) {
						vn = node === null ? null : takeEdge(node, d, token.bytes, 0, token.length);
						st = COLON;
					}
					continue;
				}
				case IN_STRING: {
					const stop = action === null ? to : Math.min(to, i + MAX_SCALAR_BYTES - token.length + 1);
					const end = stepString(string, b, i, stop);
					if (end < 0) return "body_malformed";
					if (action !== null) {
						token.append(b, i, string.closed ? end - 1 : end);
						if (token.length > MAX_SCALAR_BYTES) return "body_too_large";
					}
					i = end;
					if (string.closed) {
						if (drop === d) {
							if (action !== null) {
								valueNode = vn;
								putMasked("string", token.bytes, 0, token.length);
							}
							drop = -1;
							from = i;
						}
						st = AFTER;
					}
					continue;
				}
				case IN_NUMBER: {
					let next = numberState;
					const first = i;
					while (i < to) {
						next = stepNumber(numberState, b[i]!);
						if (next < 0) break;
						numberState = next;
						i++;
					}
					if (action !== null) {
						token.append(b, first, i);
						if (token.length > MAX_SCALAR_BYTES) return "body_too_large";
					}
					if (next < 0) {
						if (!numberEnds(numberState)) return "body_malformed";
						if (drop === d) {
							if (action !== null) {
								valueNode = vn;
								putMasked("number", token.bytes, 0, token.length);
							}
							drop = -1;
							from = i;
						}
						st = AFTER;
					}
					continue;
				}
				default: {
					while (i < to && wordAt < word.length) {
						if (b[i] !== word[wordAt]) return "body_malformed";
						i++;
						wordAt++;
					}
					if (wordAt === word.length) {
						if (drop === d) {
							drop = -1;
							from = i;
						}
						st = AFTER;
					}
				}
			}
		}

		expect = st;
		depth = d;
		valueNode = vn;
		holding = hold >= 0;
		if (drop >= 0) return undefined;
		if (hold < 0) {
			output.keep(from, to);
			return undefined;
		}
		output.keep(from, hold);
		return held.add(b.subarray(hold, to), false) ? undefined : "body_too_large";
	}

	/** The node behind the member name `b[start, end)`, and the guess for the next time. */
	function takeEdge(node: PathNode, d: number, b: Uint8Array, start: number, end: number): PathNode {
		const edge = tree.member(node, b, start, end, tally.counting);
		if (edge.kept) {
			const last = lastEdges[d]!;
			if (last === null) node.first = edge;
			else last.next = edge;
			lastEdges[d] = edge;
		}
		return edge.node;
	}

	/** A number ends where the text does. */
	function endNumber(): Refusal | undefined {
		if (!numberEnds(numberState)) return "body_malformed";
		if (drop === depth) {
			if (action !== null) putMasked("number", token.bytes, 0, token.length);
			drop = -1;
		}
		expect = AFTER;
		return undefined;
	}

	return {
		feed,
		frame(chunk, start, end) {
			if (!holding) {
				output.keep(start, end);
				return undefined;
			}
			return held.add(chunk.subarray(start, end), true) ? undefined : "body_too_large";
		},
		get dropping() {
			return drop >= 0;
		},
		lineEnd() {
			if (expect === IN_NUMBER) return endNumber();
			return expect < IN_KEY ? undefined : "body_malformed";
		},
		endText(required) {
			if (expect === IN_NUMBER) {
				const refusal = endNumber();
				if (refusal !== undefined) return refusal;
			}
			const blank = expect === VALUE && depth === 0;
			if (blank) return required ? "body_malformed" : undefined;
			if (depth > 0 || (expect !== DONE && expect !== AFTER)) return "body_malformed";
			expect = VALUE;
			valueNode = tree.root;
			return undefined;
		},
	};
}

function fixedFor(action: MaskAction, kind: number, first: number): Uint8Array | undefined {
	if (kind >= OBJECT) return action.fixed.container;
	if (kind === STRING) return action.fixed.string;
	if (kind === NUMBER) return action.fixed.number;
	return first === 0x6e ? action.fixed.null : action.fixed.boolean;
}
