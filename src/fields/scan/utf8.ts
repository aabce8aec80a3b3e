/** UTF-8 of RFC 3629 one byte at a time: no overlong forms, no surrogates, nothing above U+10FFFF. */

/** Between two characters. */
export const UTF8_START = 0;
const TAIL_1 = 1;
const TAIL_2 = 2;
const TAIL_3 = 3;
const SECOND_E0 = 4;
const SECOND_ED = 5;
const SECOND_F0 = 6;
const SECOND_F4 = 7;
const NONE = 255;

/** The state behind the first byte of a character. */
const LEAD = new Uint8Array(256).fill(NONE);
LEAD.fill(UTF8_START, 0, 0x80);
LEAD.fill(TAIL_1, 0xc2, 0xe0);
LEAD.fill(TAIL_2, 0xe1, 0xf0);
LEAD[0xe0] = SECOND_E0;
LEAD[0xed] = SECOND_ED;
LEAD.fill(TAIL_3, 0xf1, 0xf4);
LEAD[0xf0] = SECOND_F0;
LEAD[0xf4] = SECOND_F4;

/** By state: the lowest and the highest byte allowed, and the state behind it. */
const LOW = [0, 0x80, 0x80, 0x80, 0xa0, 0x80, 0x90, 0x80];
const HIGH = [0, 0xbf, 0xbf, 0xbf, 0xbf, 0x9f, 0xbf, 0x8f];
const NEXT = [0, UTF8_START, TAIL_1, TAIL_2, TAIL_1, TAIL_1, TAIL_2, TAIL_2];

/** The state behind byte `c`, or -1 when no character goes on with it. */
export function stepUtf8(state: number, c: number): number {
	if (state === UTF8_START) {
		const lead = LEAD[c]!;
		return lead === NONE ? -1 : lead;
	}
	return c < LOW[state]! || c > HIGH[state]! ? -1 : NEXT[state]!;
}
