import { PassThrough, Readable } from "node:stream";
import type { CommandIo } from "../../src/cli/command.ts";

/** A command's surroundings in memory, with `stdin` as given. */
export function ioOf(stdin: string): {
	readonly io: CommandIo;
	readonly stdout: () => string;
	readonly stderr: () => string;
} {
	const out: string[] = [];
	const err: string[] = [];
	const collect = (into: string[]): PassThrough =>
		new PassThrough().on("data", (chunk: Buffer) => into.push(chunk.toString("utf8")));
	const io: CommandIo = {
		stdin: Readable.from([Buffer.from(stdin, "utf8")]),
		stdout: collect(out),
		stderr: collect(err),
		signal: new AbortController().signal,
	};
	return { io, stdout: () => out.join(""), stderr: () => err.join("") };
}
