import { ERROR_EXIT_CODES, PosternError, toPosternError } from "../lib/errors.ts";
import { didYouMean } from "../lib/nearest.ts";
import type { CommandIo } from "./command.ts";
import { COMMANDS, type CommandEntry } from "./commands.ts";
import { VERSION } from "./version.ts";

/**
 * Runs one command line (without the program's own name) and answers the exit code. Never throws: what a command
 * could not do is told on stderr, as one line that ends with its code.
 */
export async function runCli(
	argv: readonly string[],
	io: CommandIo,
	commands: readonly CommandEntry[] = COMMANDS,
): Promise<number> {
	try {
		return await dispatch(argv, io, commands);
	} catch (thrown) {
		const error = toPosternError(thrown);
		io.stderr.write(`postern: ${error.message} (${error.code})\n`);
		return ERROR_EXIT_CODES[error.code];
	}
}

async function dispatch(
	argv: readonly string[],
	io: CommandIo,
	commands: readonly CommandEntry[],
): Promise<number> {
	const [first, ...rest] = argv;
	if (first === undefined) {
		io.stderr.write(helpText(commands));
		return ERROR_EXIT_CODES.usage;
	}
	if (first === "--help" || first === "-h") {
		io.stdout.write(helpText(commands));
		return 0;
	}
	if (first === "--version" || first === "-v") {
		io.stdout.write(`postern ${VERSION}\n`);
		return 0;
	}
	if (first === "help") return dispatch(rest.length === 0 ? ["--help"] : [rest[0]!, "--help"], io, commands);
	const entry = commands.find((one) => one.name === first);
	if (entry === undefined) throw unknown(first, commands);
	const command = await entry.load();
	if (wantsHelp(rest)) {
		io.stdout.write(command.help.endsWith("\n") ? command.help : `${command.help}\n`);
		return 0;
	}
	return command.run(rest, io);
}

function unknown(word: string, commands: readonly CommandEntry[]): PosternError {
	if (word.startsWith("-")) {
		const guess = didYouMean(word, ["--help", "--version"]);
		return new PosternError(
			"usage",
			`unknown option ${JSON.stringify(word)}${guess}; \`postern --help\` lists the commands`,
		);
	}
	const guess = didYouMean(
		word,
		commands.map((one) => one.name),
	);
	return new PosternError(
		"usage",
		`unknown command ${JSON.stringify(word)}${guess}; \`postern --help\` lists the commands`,
	);
}

function wantsHelp(argv: readonly string[]): boolean {
	const end = argv.indexOf("--");
	const options = end === -1 ? argv : argv.slice(0, end);
	return options.includes("--help") || options.includes("-h");
}

function helpText(commands: readonly CommandEntry[]): string {
	const width = Math.max(...commands.map((one) => one.name.length));
	const lines = commands.map((one) => `  ${one.name.padEnd(width)}  ${one.summary}`);
	return [
		"postern: access proxy for Envoy. One Rego decision says who may call what and, field by field, what they see.",
		"",
		"Usage: postern COMMAND [options]",
		"",
		...lines,
		"",
		"`postern COMMAND --help` tells more. Exit codes: 0 good, 1 findings or a refused body, 2 usage, 3 environment.",
		"",
	].join("\n");
}
