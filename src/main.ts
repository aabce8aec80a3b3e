import process from "node:process";
import { runCli } from "./cli/run.ts";
import { systemClock } from "./lib/clock.ts";

/** One Ctrl-C reaches a process twice when a launcher stands between it and the terminal and hands it on. */
const SAME_SIGNAL_MS = 300;
/** What a shell reports for a program that SIGPIPE ended: 128 + 13. */
const BROKEN_PIPE = 141;

/** How long what was cut off by a second signal may take to end. */
const FORCED_EXIT_MS = 1000;

const stopping = new AbortController();
const forcing = new AbortController();
let firstSignalAt: number | undefined;

function onSignal(signal: string): void {
	const now = systemClock.monotonic();
	if (firstSignalAt === undefined) {
		firstSignalAt = now;
		stopping.abort(signal);
	} else if (now - firstSignalAt > SAME_SIGNAL_MS) {
		forcing.abort(signal);
		setTimeout(() => process.exit(signal === "SIGINT" ? 130 : 143), FORCED_EXIT_MS);
	}
}

process.on("SIGINT", () => onSignal("SIGINT"));
process.on("SIGTERM", () => onSignal("SIGTERM"));
if (process.channel !== undefined && process.channel !== null) {
	process.on("disconnect", () => onSignal("SIGTERM"));
	process.channel.unref();
}
let ended = false;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
	// `postern … | head` is no failure to report; at the end there is nothing left to write.
	if (!ended) process.exit(error.code === "EPIPE" ? BROKEN_PIPE : 3);
});
// Nobody reads what is said: no reason to stop doing it.
process.stderr.on("error", () => undefined);

const code = await runCli(process.argv.slice(2), {
	stdin: process.stdin,
	stdout: process.stdout,
	stderr: process.stderr,
	signal: stopping.signal,
	force: forcing.signal,
});
ended = true;
// Whatever still waits in the pipes goes out first; then open handles (a half-read stdin) do not hold the exit.
await Promise.all(
	[process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write("", resolve))),
);
process.exit(code);
