import type { Writable } from "node:stream";

const CODES = { red: 31, yellow: 33, cyan: 36, bold: 1, dim: 2 } as const;

export type Paint = (colour: keyof typeof CODES, text: string) => string;

/** Colours on a terminal that has some, plain text everywhere else. */
export function paintFor(stream: Writable): Paint {
	const able =
		"isTTY" in stream &&
		stream.isTTY === true &&
		"hasColors" in stream &&
		typeof stream.hasColors === "function" &&
		// Looks at NO_COLOR and TERM, too.
		Boolean(stream.hasColors());
	return (colour, text) => (able ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text);
}

/** The words of a text in lines of at most `width`, unless a single word is longer. */
export function wrapped(text: string, width: number, first: string, others: string): readonly string[] {
	const lines: string[] = [];
	let line = first;
	let empty = true;
	// Two spaces after a lead word are kept: they set it apart.
	for (const word of text.split(/(?<! ) (?! )/)) {
		if (!empty && line.length + 1 + word.length > width) {
			lines.push(line);
			line = others;
			empty = true;
		}
		line = empty ? line + word : `${line} ${word}`;
		empty = false;
	}
	return [...lines, line];
}
