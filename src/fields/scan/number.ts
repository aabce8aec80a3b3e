/** Numbers of RFC 8259, section 6, one byte at a time; leading zeros and bare points are no numbers. */

/** States: before the first byte, then what was read last. */
export const NUMBER_START = 0;
const MINUS = 1;
const ZERO = 2;
const INTEGER = 3;
const POINT = 4;
const FRACTION = 5;
const E = 6;
const E_SIGN = 7;
const EXPONENT = 8;
const NONE = 9;

const OTHER = 0;
const DIGIT_0 = 1;
const DIGIT = 2;
const SIGN_MINUS = 3;
const SIGN_PLUS = 4;
const DOT = 5;
const EXP = 6;

const CLASS = new Uint8Array(256);
CLASS.fill(DIGIT, 0x31, 0x3a);
CLASS[0x30] = DIGIT_0;
CLASS[0x2d] = SIGN_MINUS;
CLASS[0x2b] = SIGN_PLUS;
CLASS[0x2e] = DOT;
CLASS[0x45] = EXP;
CLASS[0x65] = EXP;

const NEXT = new Uint8Array(9 * 7).fill(NONE);
function on(state: number, kinds: readonly number[], next: number): void {
	for (const kind of kinds) NEXT[state * 7 + kind] = next;
}
on(NUMBER_START, [SIGN_MINUS], MINUS);
on(NUMBER_START, [DIGIT_0], ZERO);
on(NUMBER_START, [DIGIT], INTEGER);
on(MINUS, [DIGIT_0], ZERO);
on(MINUS, [DIGIT], INTEGER);
on(INTEGER, [DIGIT_0, DIGIT], INTEGER);
on(POINT, [DIGIT_0, DIGIT], FRACTION);
on(FRACTION, [DIGIT_0, DIGIT], FRACTION);
on(E, [SIGN_MINUS, SIGN_PLUS], E_SIGN);
on(E, [DIGIT_0, DIGIT], EXPONENT);
on(E_SIGN, [DIGIT_0, DIGIT], EXPONENT);
on(EXPONENT, [DIGIT_0, DIGIT], EXPONENT);
for (const state of [ZERO, INTEGER]) on(state, [DOT], POINT);
for (const state of [ZERO, INTEGER, FRACTION]) on(state, [EXP], E);

/** Whether a number may end in this state. */
export function numberEnds(state: number): boolean {
	return state === ZERO || state === INTEGER || state === FRACTION || state === EXPONENT;
}

/** The state behind byte `c`, or -1 when `c` cannot go on a number. */
export function stepNumber(state: number, c: number): number {
	const next = NEXT[state * 7 + CLASS[c]!]!;
	return next === NONE ? -1 : next;
}

/**
 * The fast way: `i` is at the first byte. Answers the index of the first byte behind a valid number that
 * ends before `n`; else -1, and nothing is known.
 */
export function scanNumber(b: Uint8Array, start: number, n: number): number {
	let i = start;
	let state = NUMBER_START;
	// Most numbers are a few digits that do not begin with 0.
	if (b[i]! > 0x30) {
		while (i < n && b[i]! >= 0x30 && b[i]! <= 0x39) i++;
		if (i > start) state = INTEGER;
	}
	for (; i < n; i++) {
		const kind = CLASS[b[i]!]!;
		if (kind === OTHER) return numberEnds(state) ? i : -1;
		state = NEXT[state * 7 + kind]!;
		if (state === NONE) return -1;
	}
	return -1;
}
