import type { Readable, Writable } from "node:stream";

export interface CommandIo {
	readonly stdin: Readable;
	readonly stdout: Writable;
	readonly stderr: Writable;
	/** Aborted on SIGINT and SIGTERM. */
	readonly signal: AbortSignal;
	/** Aborted on the second signal: what still runs is cut off. The process ends a second later in any case. */
	readonly force?: AbortSignal;
}

/** One file per command. `run` answers the exit code and throws `PosternError` for everything it cannot do. */
export interface Command {
	readonly name: string;
	/** One line for `postern --help`. */
	readonly summary: string;
	/** Text of `postern NAME --help`. */
	readonly help: string;
	run(argv: readonly string[], io: CommandIo): Promise<number>;
}
