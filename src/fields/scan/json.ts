import { MASK, RELEASE, WITHHOLD } from "../automaton.ts";
import { MAX_DEPTH, MAX_KEY_BYTES, MAX_SCALAR_BYTES } from "../limits.ts";
import type { Edge, PathNode } from "../path-tree.ts";
import type { MaskAction } from "../strategies.ts";
import type { Refusal } from "../types.ts";
import { appendBytes, clearBytes, createByteBuffer } from "./byte-buffer.ts";
import { createHeld, holdBytes, settleHeld } from "./held.ts";
import type { JsonScanner, MaskContext } from "./json-scanner.ts";
import { NUMBER_START, numberEnds, scanNumber, stepNumber } from "./number.ts";
import { keepBytes, putBytes } from "./output.ts";
import { ARRAY, isToken, NUMBER, OBJECT, replaceRead, replaceUnread, STRING, WORD } from "./replace.ts";
import { type StringState, scanString, stepString } from "./string.ts";
import { NULL_WORD, scanWord, wordFor } from "./words.ts";

/** What is expected next. */
const VALUE = 0;
const FIRST_ELEMENT = 1;
const FIRST_KEY = 2;
const KEY = 3;
const COLON = 4;
const AFTER = 5;
/** Inside a token that goes on in the next chunk. */
const IN_KEY = 6;
const IN_STRING = 7;
const IN_NUMBER = 8;
const IN_WORD = 9;

const SPACE = new Uint8Array(256);
for (const c of " \t\n\r") SPACE[c.charCodeAt(0)] = 1;

/** Kind of a value by its first byte; 0 begins none. */
const KIND = new Uint8Array(256);
KIND[0x22] = STRING;
for (const c of "-0123456789") KIND[c.charCodeAt(0)] = NUMBER;
for (const c of "tfn") KIND[c.charCodeAt(0)] = WORD;
KIND[0x7b] = OBJECT;
KIND[0x5b] = ARRAY;

/** Bits of a level of nesting. */
const IS_ARRAY = 1;
const HAS_KEPT = 2;

export function createJsonScanner(context: MaskContext): JsonScanner {
	const { plan, tree, tally, output, options } = context;
	let expect = VALUE;
	let depth = 0;
	/** The place of the value that comes next; null inside what is dropped. */
	let valueNode: PathNode | null = tree.root;
	// By depth; level 0 is outside of the root.
	const levels: number[] = [0];
	const nodes: (PathNode | null)[] = [null];
	const lastEdges: (Edge | null)[] = [null];
	const indexes: number[] = [0];
	/** The depth of the value that is being dropped or replaced, or -1. */
	let drop = -1;
	/** What stands before the next verdict is held back. */
	let holding = false;
	const held = createHeld();
	/** Some of it came with earlier chunks, and is in `held`. */
	let spilled = false;
	/** How the scalar at hand is masked once it is read; null when it is not. */
	let action: MaskAction | null = null;
	const token = createByteBuffer();
	const string: StringState = { at: 0, closed: false };
	let numberState = NUMBER_START;
	let word = NULL_WORD;
	let wordAt = 0;

	function elementNode(node: PathNode, index: number): PathNode {
		if (!node.indexed && node.element !== null) return node.element;
		return tree.element(node, index, tally.counting);
	}

	/** A masked scalar is read: writes what takes its place. */
	function putMasked(kind: number, b: Uint8Array, start: number, end: number): void {
		const node = valueNode!;
		const bytes = replaceRead(action!, kind, b, start, end, node.path, options);
		putBytes(output, bytes);
		if (plan.unchanged && isToken(bytes, kind, b, start, end)) tally.countUnchanged(node, action!.as);
		action = null;
	}

	function feed(b: Uint8Array, start: number, to: number): Refusal | undefined {
		// Everything that the loop touches is local: a closure's variables live in memory.
		let i = start;
		let st = expect;
		let d = depth;
		let vn = valueNode;
		let node = nodes[d] ?? null;
		let level = levels[d]!;
		let last = lastEdges[d] ?? null;
		let names = tree.names;
		const counts = tally.counts;
		/** Everything from here on is kept, if nothing is being dropped. */
		let from = start;
		/** Where what is held back begins, or -1. */
		let hold = holding ? start : -1;

		// In the order in which tokens follow one another, so that most turns of the loop go straight down.
		while (i < to) {
			if (st <= FIRST_ELEMENT) {
				let c = b[i]!;
				if (c <= 0x20) {
					i = skipSpace(b, i, to);
					if (i === to) break;
					c = b[i]!;
				}
				const kind = KIND[c]!;
				if (kind === 0) {
					if (st !== FIRST_ELEMENT || c !== 0x5d) return "body_malformed";
				} else {
					if (vn !== null) {
						const verdict = kind < OBJECT ? vn.scalar : kind === OBJECT ? vn.object : vn.array;
						if (verdict === RELEASE) {
							if (hold >= 0) {
								if (spilled) release();
								hold = -1;
							}
							level |= HAS_KEPT;
							if (kind < OBJECT) {
								const entry = vn.scalarEntry;
								if (entry >= 0 && entry < counts.length && counts[entry]! > 0) counts[entry]! += 1;
								else tally.count(entry, vn, RELEASE);
							}
						} else {
							const entry =
								kind === OBJECT ? vn.objectEntry : kind === ARRAY ? vn.arrayEntry : vn.scalarEntry;
							tally.count(entry, vn, verdict);
							drop = d;
							if (verdict === WITHHOLD && d > 0) {
								keepBytes(output, from, hold);
								if (spilled) discard();
							} else {
								if (spilled) release();
								level |= HAS_KEPT;
								keepBytes(output, from, i);
								startMask(vn, verdict, kind, c);
							}
							hold = -1;
						}
					}
					if (kind < OBJECT) {
						let end: number;
						if (kind === STRING) {
							end = scanString(b, i + 1, to);
							if (end < 0) {
								i++;
								st = IN_STRING;
							}
						} else if (kind === NUMBER) {
							end = scanNumber(b, i, to);
							if (end < 0) st = IN_NUMBER;
						} else {
							end = scanWord(b, i, to, c);
							if (end < 0) {
								word = wordFor(c);
								wordAt = 0;
								st = IN_WORD;
							}
						}
						if (end < 0) {
							string.at = 0;
							numberState = NUMBER_START;
							clearBytes(token);
							continue;
						}
						const past = kind === STRING ? end + 1 : end;
						if (drop === d) {
							if (action !== null) {
								const first = kind === STRING ? i + 1 : i;
								if (end - first > MAX_SCALAR_BYTES) return "body_too_large";
								valueNode = vn;
								putMasked(kind, b, first, end);
							}
							drop = -1;
							from = past;
						}
						i = past;
					} else {
						if (d >= MAX_DEPTH) return "body_too_deep";
						levels[d] = level;
						lastEdges[d] = last;
						node = drop >= 0 ? null : vn;
						d++;
						nodes[d] = node;
						last = null;
						i++;
						if (node?.mixed) hold = i;
						if (kind === OBJECT) {
							level = 0;
							st = FIRST_KEY;
						} else {
							level = IS_ARRAY;
							indexes[d] = 0;
							vn = node === null ? null : elementNode(node, 0);
							st = FIRST_ELEMENT;
						}
						continue;
					}
				}
				st = AFTER;
				if (i >= to) break;
			}

			if (st === AFTER) {
				let c = b[i]!;
				if (c <= 0x20) {
					i = skipSpace(b, i, to);
					if (i === to) break;
					c = b[i]!;
				}
				if (d === 0) return "body_malformed";
				if (c === 0x2c) {
					if (node?.mixed) {
						if ((level & HAS_KEPT) !== 0) hold = i;
						else {
							// Nothing before this comma stays, so the comma goes.
							keepBytes(output, from, i);
							from = i + 1;
							hold = i + 1;
						}
					}
					i++;
					if ((level & IS_ARRAY) !== 0) {
						if (node !== null) {
							const index = indexes[d]! + 1;
							indexes[d] = index;
							vn = elementNode(node, index);
						}
						st = VALUE;
						continue;
					}
					st = KEY;
					if (i >= to) break;
				} else {
					if (c !== ((level & IS_ARRAY) !== 0 ? 0x5d : 0x7d)) return "body_malformed";
					if (hold >= 0) {
						if (spilled) release();
						hold = -1;
					}
					i++;
					d--;
					node = nodes[d] ?? null;
					level = levels[d]!;
					last = lastEdges[d] ?? null;
					if (drop === d) {
						drop = -1;
						from = i;
					}
					continue;
				}
			}

			if (st === KEY || st === FIRST_KEY) {
				let c = b[i]!;
				if (c <= 0x20) {
					i = skipSpace(b, i, to);
					if (i === to) break;
					c = b[i]!;
				}
				if (c !== 0x22) {
					if (c !== 0x7d || st !== FIRST_KEY) return "body_malformed";
					st = AFTER;
					continue;
				}
				i++;
				// Objects of a list look alike: the name is likely the one that came next the last time.
				const guess = node === null ? null : last === null ? node.first : last.next;
				let end = -1;
				if (guess !== null) {
					const length = guess.length;
					end = i + length;
					if (end < to && b[end] === 0x22) {
						for (let k = 0, at = guess.start; k < length; k++) {
							if (names[at + k] !== b[i + k]) {
								end = -1;
								break;
							}
						}
					} else end = -1;
				}
				if (end >= 0) {
					last = guess;
					vn = guess!.node;
				} else {
					end = scanString(b, i, to);
					if (end < 0) {
						string.at = 0;
						clearBytes(token);
						st = IN_KEY;
						continue;
					}
					if (end - i > MAX_KEY_BYTES) return "body_too_large";
					if (node === null) vn = null;
					else {
						const edge = takeEdge(node, last, b, i, end);
						if (edge.kept) last = edge;
						vn = edge.node;
						names = tree.names;
					}
				}
				i = end + 1;
				if (i < to && b[i] === 0x3a) {
					i++;
					st = VALUE;
					continue;
				}
				st = COLON;
				if (i >= to) break;
			}

			if (st === COLON) {
				let c = b[i]!;
				if (c <= 0x20) {
					i = skipSpace(b, i, to);
					if (i === to) break;
					c = b[i]!;
				}
				if (c !== 0x3a) return "body_malformed";
				i++;
				st = VALUE;
				continue;
			}

			// What is left are tokens that began in an earlier chunk.
			if (st === IN_KEY) {
				const end = stepString(string, b, i, Math.min(to, i + MAX_KEY_BYTES - token.length + 1));
				if (end < 0) return "body_malformed";
				appendBytes(token, b, i, string.closed ? end - 1 : end);
				if (token.length > MAX_KEY_BYTES) return "body_too_large";
				i = end;
				if (string.closed) {
					vn = null;
					if (node !== null) {
						const edge = takeEdge(node, last, token.bytes, 0, token.length);
						if (edge.kept) last = edge;
						vn = edge.node;
						names = tree.names;
					}
					st = COLON;
				}
				continue;
			}
			if (st === IN_STRING) {
				const stop = action === null ? to : Math.min(to, i + MAX_SCALAR_BYTES - token.length + 1);
				const end = stepString(string, b, i, stop);
				if (end < 0) return "body_malformed";
				if (action !== null) {
					appendBytes(token, b, i, string.closed ? end - 1 : end);
					if (token.length > MAX_SCALAR_BYTES) return "body_too_large";
				}
				i = end;
				if (!string.closed) continue;
			} else if (st === IN_NUMBER) {
				const first = i;
				let next = 0;
				while (i < to) {
					next = stepNumber(numberState, b[i]!);
					if (next < 0) break;
					numberState = next;
					i++;
				}
				if (action !== null) {
					appendBytes(token, b, first, i);
					if (token.length > MAX_SCALAR_BYTES) return "body_too_large";
				}
				if (next >= 0) continue;
				if (!numberEnds(numberState)) return "body_malformed";
			} else {
				while (i < to && wordAt < word.length) {
					if (b[i] !== word[wordAt]) return "body_malformed";
					i++;
					wordAt++;
				}
				if (wordAt < word.length) continue;
			}
			if (drop === d) {
				if (action !== null) {
					valueNode = vn;
					putMasked(st === IN_STRING ? STRING : NUMBER, token.bytes, 0, token.length);
				}
				drop = -1;
				from = i;
			}
			st = AFTER;
		}

		expect = st;
		depth = d;
		valueNode = vn;
		levels[d] = level;
		lastEdges[d] = last;
		holding = hold >= 0;
		if (drop >= 0) return undefined;
		if (hold < 0) {
			keepBytes(output, from, to);
			return undefined;
		}
		keepBytes(output, from, hold);
		spilled ||= hold < to;
		return holdBytes(held, b.subarray(hold, to), false) ? undefined : "body_too_large";
	}

	/** Something else takes the place of the value: writes it now, if it can be known now. */
	function startMask(node: PathNode, verdict: number, kind: number, first: number): void {
		const found = verdict === WITHHOLD ? undefined : plan.actions[verdict - MASK]!;
		const bytes = found === undefined ? NULL_WORD : replaceUnread(found, kind, first, node.path, options);
		if (bytes === undefined) action = found!;
		else putBytes(output, bytes);
	}

	function release(): void {
		settleHeld(held, true, output);
		spilled = false;
	}

	function discard(): void {
		settleHeld(held, false, output);
		spilled = false;
	}

	/** The edge for the member name `b[start, end)`; the guess for the next time is that it follows `last`. */
	function takeEdge(node: PathNode, last: Edge | null, b: Uint8Array, start: number, end: number): Edge {
		const edge = tree.member(node, b, start, end, tally.counting);
		if (edge.kept) {
			if (last === null) node.first = edge;
			else last.next = edge;
		}
		return edge;
	}

	/** A number ends where the text does. */
	function endNumber(): Refusal | undefined {
		if (!numberEnds(numberState)) return "body_malformed";
		if (drop === depth) {
			if (action !== null) putMasked(NUMBER, token.bytes, 0, token.length);
			drop = -1;
		}
		expect = AFTER;
		return undefined;
	}

	return {
		feed,
		startAt(node) {
			valueNode = node;
		},
		frame(chunk, start, end) {
			if (!holding) {
				keepBytes(output, start, end);
				return undefined;
			}
			spilled = true;
			return holdBytes(held, chunk.subarray(start, end), true) ? undefined : "body_too_large";
		},
		put(bytes) {
			if (!holding) {
				putBytes(output, bytes);
				return undefined;
			}
			spilled = true;
			return holdBytes(held, bytes, true) ? undefined : "body_too_large";
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
			if (depth > 0 || expect !== AFTER) return "body_malformed";
			expect = VALUE;
			valueNode = tree.root;
			return undefined;
		},
	};
}

function skipSpace(b: Uint8Array, start: number, to: number): number {
	let i = start;
	while (i < to && SPACE[b[i]!] === 1) i++;
	return i;
}
