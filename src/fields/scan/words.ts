/** The three words of JSON (RFC 8259, section 3). */

const TRUE = Buffer.from("true");
const FALSE = Buffer.from("false");
export const NULL_WORD: Uint8Array = Buffer.from("null");

/** The word that begins with byte `first`, which is one of `t`, `f`, `n`. */
export function wordFor(first: number): Uint8Array {
	return first === 0x74 ? TRUE : first === 0x66 ? FALSE : NULL_WORD;
}

/** The end of the word that begins with `first` at `i`, or -1 when it is not all there before `n`. */
export function scanWord(b: Uint8Array, i: number, n: number, first: number): number {
	const word = wordFor(first);
	if (i + word.length > n) return -1;
	for (let k = 1; k < word.length; k++) if (b[i + k] !== word[k]) return -1;
	return i + word.length;
}
