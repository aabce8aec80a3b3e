/** A GraphQL text, its tokens parted by spaces, with one comment before each token in turn, and with comments everywhere. */
export function commented(text: string): readonly string[] {
	const tokens = text.split(" ");
	const one = tokens.map((_, i) => [...tokens.slice(0, i), `# ${i}\n`, ...tokens.slice(i)].join(" "));
	return [
		...one,
		`${tokens.map((token, i) => `# before ${i}\n#\tsecond é\r\n${token}`).join(" ")} # end\n# of file`,
	];
}
