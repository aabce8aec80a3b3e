import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Why the demo cannot go on; printed without a stack. */
export class DemoError extends Error {
	readonly exitCode: number;
	constructor(message: string, exitCode = 3) {
		super(message);
		this.name = "DemoError";
		this.exitCode = exitCode;
	}
}

export interface Running {
	readonly name: string;
	readonly pid: number;
	/** True from the moment it ended, for whatever reason. */
	ended(): boolean;
	/** Its exit code once it ended; null when a signal ended it. */
	readonly exitCode: Promise<number | null>;
	/** Asks it to end, and makes it end when it does not. */
	stop(): Promise<void>;
}

export interface Program {
	readonly name: string;
	readonly command: string;
	readonly args: readonly string[];
	readonly env?: NodeJS.ProcessEnv;
	readonly logFile: string;
}

const STOP_GRACE_MS = 5000;
const READY_LIMIT_MS = 20_000;
const POLL_MS = 25;
const LOG_LINES = 15;

function lastLines(file: string): string {
	const lines = readFileSync(file, "utf8").trimEnd().split("\n");
	return lines
		.slice(-LOG_LINES)
		.map((line) => `    ${line}`)
		.join("\n");
}

/** Every process that was started here and has not ended; whoever leaves in a hurry kills them. */
const living = new Set<ChildProcess>();

/** For the exit handler, which cannot wait. */
export function killAll(): void {
	for (const child of living) child.kill("SIGKILL");
}

export function start(program: Program): Running {
	const log = openSync(program.logFile, "w");
	const child = spawn(program.command, program.args, {
		stdio: ["ignore", log, log],
		...(program.env === undefined ? {} : { env: program.env }),
	});
	closeSync(log);
	living.add(child);
	let ended = false;
	const exitCode = new Promise<number | null>((resolve) => {
		const onEnd = (code: number | null) => {
			ended = true;
			living.delete(child);
			resolve(code);
		};
		child.once("exit", onEnd);
		child.once("error", () => onEnd(null));
	});
	return {
		name: program.name,
		pid: child.pid ?? 0,
		ended: () => ended,
		exitCode,
		async stop() {
			if (ended) return;
			child.kill("SIGTERM");
			const force = setTimeout(() => child.kill("SIGKILL"), STOP_GRACE_MS);
			await exitCode;
			clearTimeout(force);
		},
	};
}

/** Waits until `isReady` says so; throws with the end of the log when the program ends or takes too long. */
export async function untilReady(
	running: Running,
	program: Program,
	isReady: () => Promise<boolean>,
): Promise<void> {
	const until = performance.now() + READY_LIMIT_MS;
	while (!(await isReady().catch(() => false))) {
		if (running.ended() || performance.now() > until) {
			const what = running.ended() ? "ended at start" : "is not ready in time";
			throw new DemoError(
				`${running.name} ${what}. Its log, ${program.logFile}, ends with:\n${lastLines(program.logFile)}`,
			);
		}
		await sleep(POLL_MS);
	}
}

/** Throws for the first of these ports that somebody else listens on. */
export async function requireFreePorts(ports: Readonly<Record<string, number>>): Promise<void> {
	for (const [purpose, port] of Object.entries(ports)) {
		await new Promise<void>((resolve, reject) => {
			const probe = createServer();
			probe.once("error", (error: NodeJS.ErrnoException) => {
				const why =
					error.code === "EADDRINUSE"
						? `port ${port} (${purpose}) is in use by another program`
						: `port ${port} (${purpose}) cannot be used: ${error.message}`;
				reject(new DemoError(`${why}. Choose others: npm run demo -- --port N takes N to N+4.`));
			});
			probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
		});
	}
}
