/** Exit code of everything that cannot start because of the machine it runs on. */
export const EXIT_ENVIRONMENT = 3;
/** As a shell reports a program that Ctrl-C ended. */
export const EXIT_INTERRUPTED = 130;

/** What set-up cannot do; `problems` holds one message per thing that is missing or went wrong, with its remedy. */
export class SetupError extends Error {
	/** @param {readonly string[]} problems @param {number} [exitCode] */
	constructor(problems, exitCode = EXIT_ENVIRONMENT) {
		super(problems.join("\n"));
		this.name = "SetupError";
		this.problems = problems;
		this.exitCode = exitCode;
	}
}

/** @param {SetupError} error */
export function describe(error) {
	const lines = error.problems.map((problem) => `  - ${problem.replaceAll("\n", "\n    ")}`);
	return `Set-up cannot finish:\n${lines.join("\n")}\n`;
}
