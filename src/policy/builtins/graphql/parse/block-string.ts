const INDENT = /^[ \t]*/;

const indentOf = (line: string): number => INDENT.exec(line)?.[0].length ?? 0;

const isBlank = (line: string): boolean => indentOf(line) === line.length;

/**
 * The value of a block string from what stands between its quotes, lines parted by `\n`. Unlike the specification's
 * algorithm, gqlparser's counts the first line when it looks for the indentation that all lines share.
 */
export function blockStringValue(raw: string): string {
	const lines = raw.split("\n");
	const shared = lines.reduce(
		(least, line) => (isBlank(line) ? least : Math.min(least, indentOf(line))),
		Infinity,
	);
	const cut = lines.map((line, i) => (i === 0 || shared === Infinity ? line : line.slice(shared)));
	const first = cut.findIndex((line) => !isBlank(line));
	if (first < 0) return "";
	return cut.slice(first, cut.findLastIndex((line) => !isBlank(line)) + 1).join("\n");
}
