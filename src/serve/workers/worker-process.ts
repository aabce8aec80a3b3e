import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { environmentWith } from "../../config/load.ts";
import { cgroupMemoryMax, heapLimits, MEMORY_ENVIRONMENT, memoryOptions } from "../../launch/memory.ts";
import { PosternError } from "../../lib/errors.ts";
import { AUDIT_FD, type FromWatchdog, type FromWorker, type ToWorker, WATCHDOG_FD } from "./messages.ts";
import { relayLines, type WriteLines } from "./relay-lines.ts";

/** One process that takes calls, seen from the supervisor. */
export interface WorkerProcess {
	readonly pid: number | undefined;
	/** How it ended, in words. */
	readonly ended: Promise<string>;
	/** It has ended, and its output has been handed on. */
	readonly silent: Promise<void>;
	/** Takes what it says from now on; that it is up is said again. */
	listen(listener: WorkerListener): void;
	send(message: ToWorker): void;
	/** The worker's answer; rejects when it says no, ends, or takes longer. */
	ask(message: Question, limitMs: number): Promise<unknown>;
	kill(): void;
}

type Question =
	| { readonly type: "metrics" | "status" }
	| { readonly type: "policy"; readonly bytes: Uint8Array; readonly serial: number };

export interface WorkerProcessOptions {
	/** Processes that share the machine's memory. */
	readonly processes: number;
	readonly writeAudit: WriteLines;
	readonly writeLog: WriteLines;
}

export interface WorkerListener {
	readonly onMessage: (message: Said) => void;
	readonly onWatchdog: (message: FromWatchdog) => void;
}

export type Said = Exclude<FromWorker, { readonly type: "answer" }>;

// A package holds the same file without its types.
const MAIN = fileURLToPath(
	new URL(import.meta.url.endsWith(".ts") ? "../../main.ts" : "../../main.js", import.meta.url),
);

export function startWorkerProcess(options: WorkerProcessOptions): WorkerProcess {
	const child = spawn(process.execPath, [...nodeOptions(options.processes), MAIN, "serve", "--worker"], {
		stdio: ["ignore", "ignore", "pipe", "ipc", "pipe", "pipe"],
		env: environmentWith(MEMORY_ENVIRONMENT),
		serialization: "advanced",
	});
	const asked = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
	let nextId = 0;
	let up = false;
	let listener: WorkerListener | undefined;

	child.on("message", (message) => {
		const said = message as FromWorker;
		if (said.type !== "answer") {
			up ||= said.type === "up";
			listener?.onMessage(said);
			return;
		}
		const { id, answer } = said;
		const waiting = asked.get(id);
		asked.delete(id);
		if ("value" in answer) waiting?.resolve(answer.value);
		else waiting?.reject(new PosternError(answer.code, answer.message));
	});
	const watched = createInterface({ input: streamOf(child, WATCHDOG_FD) });
	watched.on("line", (line) => listener?.onWatchdog(JSON.parse(line) as FromWatchdog));
	const relays = [
		relay(streamOf(child, AUDIT_FD), options.writeAudit),
		relay(streamOf(child, 2), options.writeLog),
	];
	const ended = endOf(child);
	void ended.then((how) => {
		for (const { reject } of asked.values()) reject(new WorkerEnded(`the worker ended: ${how}`));
		asked.clear();
	});

	function send(message: ToWorker): void {
		// One that is about to end hears nothing more.
		if (child.connected) child.send(message, () => undefined);
	}
	return {
		pid: child.pid,
		ended,
		silent: Promise.all([ended, ...relays]).then(() => undefined),
		listen(given) {
			listener = given;
			if (up) given.onMessage({ type: "up" });
		},
		send,
		ask(question, limitMs) {
			const id = nextId++;
			return new Promise((resolve, reject) => {
				const limit = setTimeout(() => {
					asked.delete(id);
					reject(new PosternError("internal", "the worker does not answer"));
				}, limitMs);
				const settle =
					<V>(end: (value: V) => void) =>
					(value: V): void => {
						clearTimeout(limit);
						end(value);
					};
				asked.set(id, { resolve: settle(resolve), reject: settle(reject) });
				send({ ...question, id });
			});
		},
		kill: () => void child.kill("SIGKILL"),
	};
}

/** The process ended before it answered. */
export class WorkerEnded extends Error {
	override readonly name = "WorkerEnded";
}

function streamOf(child: ChildProcess, fd: number): Readable {
	const streams: readonly unknown[] = child.stdio;
	return streams[fd] as Readable;
}

/** Options of this process, those that set its heap by the memory there is, and silence about stripped types. */
function nodeOptions(processes: number): readonly string[] {
	const own = process.execArgv.filter((option) => !option.startsWith("--inspect"));
	const limits = heapLimits(cgroupMemoryMax(readText), processes);
	const given = [...own, ...(environmentWith({})["NODE_OPTIONS"] ?? "").split(/\s+/)];
	return [...own, "--disable-warning=ExperimentalWarning", ...memoryOptions(limits, given)];
}

function readText(path: string): string | undefined {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return undefined;
	}
}

/** A place that takes nothing any more is felt by the worker as a pipe without a reader. */
async function relay(from: Readable, write: WriteLines): Promise<void> {
	try {
		await relayLines(from, write);
	} catch {
		from.destroy();
	}
}

function endOf(child: ChildProcess): Promise<string> {
	return new Promise((resolve) => {
		child.once("error", (error) => resolve(error.message));
		child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
	});
}
