import { stepUtf8, UTF8_START } from "./utf8.ts";

/**
 * Strings of RFC 8259 byte by byte: no control characters, known escapes only, UTF-8 as RFC 3629 has it
 * (no overlong forms, no surrogates, nothing above U+10FFFF). Escaped lone surrogates are allowed.
 */

const PLAIN = 0;
const QUOTE = 1;
const ESCAPE = 2;
const BAD = 3;
const LEAD_2 = 4;
const LEAD_E0 = 5;
const LEAD_3 = 6;
const LEAD_ED = 7;
const LEAD_F0 = 8;
const LEAD_4 = 9;
const LEAD_F4 = 10;

/** Class of a byte inside a string. */
const CLASS = new Uint8Array(256);
CLASS.fill(BAD, 0, 0x20);
CLASS.fill(BAD, 0x80);
CLASS[0x22] = QUOTE;
CLASS[0x5c] = ESCAPE;
CLASS.fill(LEAD_2, 0xc2, 0xe0);
CLASS.fill(LEAD_3, 0xe1, 0xf0);
CLASS[0xe0] = LEAD_E0;
CLASS[0xed] = LEAD_ED;
CLASS.fill(LEAD_4, 0xf1, 0xf4);
CLASS[0xf0] = LEAD_F0;
CLASS[0xf4] = LEAD_F4;

/** Bytes that may follow a backslash: 1, and 2 for `u`. */
const AFTER_ESCAPE = new Uint8Array(256);
for (const c of '"\\/bfnrt') AFTER_ESCAPE[c.charCodeAt(0)] = 1;
AFTER_ESCAPE[0x75] = 2;

const HEX = new Uint8Array(256);
for (const c of "0123456789abcdefABCDEF") HEX[c.charCodeAt(0)] = 1;

/**
 * The fast way: `i` is behind the opening quote. Answers the index of the closing quote when the string
 * is valid and ends before `n`; else -1, and nothing is known: `stepString` finds out from the same `i`.
 */
export function scanString(b: Uint8Array, start: number, n: number): number {
	const classes = CLASS;
	const most = n - 3;
	let i = start;
	for (;;) {
		// Four bytes a turn: the ends of the loop cost as much as its body.
		while (i < most) {
			if (classes[b[i]!] !== PLAIN) break;
			if (classes[b[i + 1]!] !== PLAIN) {
				i += 1;
				break;
			}
			if (classes[b[i + 2]!] !== PLAIN) {
				i += 2;
				break;
			}
			if (classes[b[i + 3]!] !== PLAIN) {
				i += 3;
				break;
			}
			i += 4;
		}
		while (i < n && classes[b[i]!] === PLAIN) i++;
		if (i >= n) return -1;
		const kind = classes[b[i]!]!;
		if (kind === QUOTE) return i;
		if (kind === ESCAPE) {
			if (i + 1 >= n) return -1;
			const e = AFTER_ESCAPE[b[i + 1]!];
			if (e === 1) i += 2;
			else if (e === 2) {
				if (i + 6 > n) return -1;
				if ((HEX[b[i + 2]!]! & HEX[b[i + 3]!]! & HEX[b[i + 4]!]! & HEX[b[i + 5]!]!) === 0) return -1;
				i += 6;
			} else return -1;
		} else if (kind === BAD) return -1;
		else {
			const length = kind === LEAD_2 ? 2 : kind <= LEAD_ED ? 3 : 4;
			if (i + length > n) return -1;
			const second = b[i + 1]!;
			if ((second & 0xc0) !== 0x80 || !secondFits(kind, second)) return -1;
			if (length > 2 && (b[i + 2]! & 0xc0) !== 0x80) return -1;
			if (length > 3 && (b[i + 3]! & 0xc0) !== 0x80) return -1;
			i += length;
		}
	}
}

function secondFits(lead: number, second: number): boolean {
	switch (lead) {
		case LEAD_E0:
			return second >= 0xa0;
		case LEAD_ED:
			return second < 0xa0;
		case LEAD_F0:
			return second >= 0x90;
		case LEAD_F4:
			return second < 0x90;
		default:
			return true;
	}
}

/** Where a string stands between two chunks. */
export interface StringState {
	/** 0 between characters, 1 behind a backslash, 2 to 5 for one to four hex digits to come, else `IN_CHARACTER` + n. */
	at: number;
	/** The closing quote was met. */
	closed: boolean;
}

const HEX_4 = 5;
const IN_CHARACTER = 16;

/**
 * The slow way, resumable at any byte: goes on from `s.at`. Answers the index behind the last byte used
 * (`s.closed` tells whether that was the closing quote), or -1 at the first byte that no string may hold.
 */
export function stepString(s: StringState, b: Uint8Array, start: number, n: number): number {
	let i = start;
	let at = s.at;
	s.closed = false;
	while (i < n) {
		const c = b[i++]!;
		if (at === 0) {
			const kind = CLASS[c]!;
			if (kind === PLAIN) {
				while (i < n && CLASS[b[i]!] === PLAIN) i++;
			} else if (kind === QUOTE) {
				s.closed = true;
				break;
			} else if (kind === ESCAPE) at = 1;
			else if (kind === BAD) return -1;
			else at = IN_CHARACTER + stepUtf8(UTF8_START, c);
		} else if (at === 1) {
			const e = AFTER_ESCAPE[c];
			if (e === 0) return -1;
			at = e === 2 ? HEX_4 : 0;
		} else if (at <= HEX_4) {
			if (HEX[c] === 0) return -1;
			at = at === 2 ? 0 : at - 1;
		} else {
			const next = stepUtf8(at - IN_CHARACTER, c);
			if (next < 0) return -1;
			at = next === UTF8_START ? 0 : IN_CHARACTER + next;
		}
	}
	s.at = at;
	return i;
}
