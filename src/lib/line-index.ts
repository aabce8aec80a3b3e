/** Line and column, from 1; columns count UTF-16 code units. */
export interface Position {
	readonly line: number;
	readonly column: number;
}

/** Finds the line of an offset in `text`. Lines end at LF; what lies behind the text is on its last line. */
export function lineIndex(text: string): (offset: number) => Position {
	const starts = [0];
	for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
	return (offset) => {
		const within = Math.max(0, Math.min(offset, text.length));
		let low = 0;
		let high = starts.length - 1;
		while (low < high) {
			const middle = (low + high + 1) >> 1;
			if ((starts[middle] ?? 0) <= within) low = middle;
			else high = middle - 1;
		}
		return { line: low + 1, column: within - (starts[low] ?? 0) + 1 };
	};
}
