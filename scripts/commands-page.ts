import { COMMANDS } from "../src/cli/commands.ts";

/**
 * The page about commands.
 *
 * @param help what `postern [COMMAND] --help` prints
 */
export function commandsPage(help: (...command: readonly string[]) => string): string {
	const block = (text: string) => `\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`;
	const sections = COMMANDS.map(
		({ name, summary }) =>
			`## ${name}\n\n${summary[0]?.toUpperCase()}${summary.slice(1)}.\n\n${block(help(name))}`,
	);
	return `# Commands\n\nMade from \`--help\` by \`npm run docs\`.\n\n${block(help())}\n${sections.join("\n")}`;
}
