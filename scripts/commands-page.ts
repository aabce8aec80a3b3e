import { COMMANDS } from "../src/cli/commands.ts";

/** What a command's help has no room for. */
const MORE: Readonly<Record<string, string>> = {
	check: "What `--envoy` finds, code by code, is in [a reference of its own](envoy-checks/README.md).\n",
};

/**
 * The page about commands.
 *
 * @param help what `postern [COMMAND] --help` prints
 */
export function commandsPage(help: (...command: readonly string[]) => string): string {
	const block = (text: string) => `\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`;
	const sections = COMMANDS.map(
		({ name, summary }) =>
			`## ${name}\n\n${summary[0]?.toUpperCase()}${summary.slice(1)}.\n\n${block(help(name))}${MORE[name] === undefined ? "" : `\n${MORE[name]}`}`,
	);
	return `# Commands\n\nMade from \`--help\` by \`npm run docs\`.\n\n${block(help())}\n${sections.join("\n")}`;
}
