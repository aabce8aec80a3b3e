import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bundleOf } from "../policy.ts";
import { cpuOf } from "../process-cpu.ts";
import { type TestedTransport, testedTransport } from "../transports.ts";

/** `postern serve` as operators run it: a process of its own, on a unix socket. */
export interface PosternProcess {
	/** Address of the gRPC services. */
	readonly address: string;
	kill(signal: "SIGTERM" | "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
	/** Fills its memory until it dies; for a process that was started so. */
	exhaustMemory(): void;
	/** Its resident set, bytes. */
	memory(): number;
	/** CPU that it has taken, milliseconds. */
	cpu(): number;
	/** Exit code, or the signal that ended it. */
	readonly ended: Promise<number | string>;
	/** What it has told on stderr. */
	told(): string;
	records(): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

const EXHAUSTER = resolve(import.meta.dirname, "exhaust-memory.mjs");
const MAIN = resolve(import.meta.dirname, "../../../src/main.ts");
const running = new Set<ChildProcess>();
process.on("exit", () => {
	for (const child of running) child.kill("SIGKILL");
});

/** Builds `policy` and serves it; resolves once it takes calls. `folder`: of an earlier one, to come back in its place. */
export async function startPosternProcess(
	policy: string,
	options: {
		readonly drainSeconds: number;
		readonly folder?: string;
		/** The heap is small, and {@link PosternProcess.exhaustMemory} fills it. */
		readonly mortal?: boolean;
		/** More of `fields`, as YAML in flow style. */
		readonly fields?: string;
		/** `telemetry`, as YAML in flow style. */
		readonly telemetry?: string;
		/** Instead of a unix socket in the folder. */
		readonly address?: string;
		/** Further keys of `serve`, as in a mapping in braces. */
		readonly serve?: string;
		readonly transport?: TestedTransport;
	},
): Promise<PosternProcess & { readonly folder: string }> {
	const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "postern-serve-")));
	const address = options.address ?? `unix://${folder}/postern.sock`;
	// Who comes back in the place of another finds the same bundle there.
	if (options.folder === undefined)
		await writeFile(join(folder, "bundle.tar.gz"), (await bundleOf(policy)).bytes);
	await writeFile(
		join(folder, "postern.yaml"),
		[
			`serve: { grpc: ["${address}"], admin: "off", drain_seconds: ${options.drainSeconds}, transport: ${options.transport ?? testedTransport()}${options.serve === undefined ? "" : `, ${options.serve}`} }`,
			"policy: { bundle: bundle.tar.gz }",
			`fields: ${options.fields ?? "{}"}`,
			"audit: { sink: audit.jsonl }",
			`telemetry: ${options.telemetry ?? "{}"}`,
		].join("\n"),
	);
	const node = options.mortal === true ? ["--max-old-space-size=64", `--import=${EXHAUSTER}`] : [];
	const child = spawn(process.execPath, [...node, MAIN, "serve", "--config", join(folder, "postern.yaml")], {
		stdio: ["ignore", "ignore", "pipe"],
	});
	running.add(child);
	let told = "";
	const ended = new Promise<number | string>((done) => {
		child.once("exit", (code, signal) => {
			running.delete(child);
			done(code ?? String(signal));
		});
	});
	await new Promise<void>((ready, failed) => {
		child.stderr?.on("data", (text: Buffer) => {
			told += text.toString();
			if (told.includes(" ready: grpc ")) ready();
		});
		void ended.then(() => failed(new Error(`postern did not start:\n${told}`)));
	});
	return {
		address,
		folder,
		ended,
		told: () => told,
		kill: (signal) => child.kill(signal),
		exhaustMemory: () => child.kill("SIGUSR2"),
		memory() {
			const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
			return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
		},
		cpu: () => cpuOf(child.pid ?? 0),
		async records() {
			const text = await readFile(join(folder, "audit.jsonl"), "utf8");
			return text
				.split("\n")
				.filter((line) => line !== "")
				.map((line) => JSON.parse(line) as Record<string, unknown>);
		},
	};
}
