import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { type Answer, checkRequest, readAnswer } from "./app-fixture.ts";
import { type BytesClient, connectBytes } from "./grpc-bytes.ts";
import { bundleOf } from "./policy.ts";
import { until } from "./until.ts";

const MAIN = resolve(import.meta.dirname, "../../src/main.ts");

const running = new Set<ChildProcess>();
process.on("exit", () => {
	for (const child of running) child.kill("SIGKILL");
});

export interface WorkerStatus {
	readonly worker: number;
	readonly pid: number;
	readonly state: string;
	readonly restarts: number;
	readonly policy?: { readonly active?: { readonly revision: string; readonly serial: number } };
}

/** `postern serve` with workers, as a process of its own. */
export interface Fleet {
	readonly child: ChildProcess;
	readonly folder: string;
	readonly out: () => string;
	readonly err: () => string;
	/** Exit code and signal, once its streams are closed. */
	readonly ended: Promise<unknown[]>;
	/** A client of one worker, by its number; 0: of a process without workers. */
	client(worker: number): BytesClient;
	check(worker: number, path: string, deadlineMs?: number): Promise<Answer>;
	admin(path: string): Promise<{ readonly status: number; readonly text: string }>;
	workers(): Promise<readonly WorkerStatus[]>;
	/** Records in the audit file. */
	records(): Promise<readonly Readonly<Record<string, unknown>>[]>;
	deploy(policy: string | Uint8Array, revision?: string): Promise<void>;
	/** Ends whatever is left. */
	clear(): Promise<void>;
}

export interface FleetSetup {
	readonly policy: string;
	readonly workers?: number;
	/** Inside `serve: {…}`. */
	readonly serve?: string;
	readonly audit?: string;
	/** 5 unless told otherwise. */
	readonly drainSeconds?: number;
	/** Of one policy instance, bytes; so much that a policy which loops hits no limit for a while, unless told otherwise. */
	readonly memory?: number;
	/** Besides the environment of the tests; its children have it too. */
	readonly env?: Readonly<Record<string, string>>;
	/** Does not wait for the line that says that it is ready. */
	readonly unready?: boolean;
}

/** Starts it in a folder of its own and waits until it is ready. */
export async function startFleet(setup: FleetSetup): Promise<Fleet> {
	const { workers = 2 } = setup;
	const folder = mkdtempSync(join(tmpdir(), "postern-workers-"));
	const deploy = async (policy: string | Uint8Array, revision?: string): Promise<void> => {
		const bytes =
			typeof policy === "string" ? (await bundleOf(policy, undefined, revision)).bytes : Buffer.from(policy);
		await writeFile(join(folder, "next"), bytes);
		await rename(join(folder, "next"), join(folder, "bundle.tar.gz"));
	};
	await deploy(setup.policy, "first");
	const serve = setup.serve === undefined ? "" : `, ${setup.serve}`;
	writeFileSync(
		join(folder, "postern.yaml"),
		[
			`serve: {grpc: ["unix:p.sock"], admin: "unix:admin.sock", drain_seconds: ${setup.drainSeconds ?? 5}, workers: ${workers}${serve}}`,
			`policy: {bundle: bundle.tar.gz, poll_seconds: 1, max_memory_bytes: ${setup.memory ?? 1 << 30}}`,
			`audit: {sink: ${setup.audit ?? "audit.jsonl"}}`,
			"log: {level: info}",
			"",
		].join("\n"),
	);
	const child = spawn(process.execPath, ["--no-warnings", MAIN, "serve"], {
		cwd: folder,
		env: { ...process.env, ...setup.env },
		stdio: ["ignore", "pipe", "pipe"],
	});
	running.add(child);
	child.once("exit", () => running.delete(child));
	let out = "";
	let err = "";
	child.stdout.on("data", (chunk) => {
		out += chunk;
	});
	child.stderr.on("data", (chunk) => {
		err += chunk;
	});
	const ended = once(child, "close");
	const clients = new Map<number, BytesClient>();
	const client = (worker: number): BytesClient => {
		const known =
			clients.get(worker) ?? connectBytes(`unix:${folder}/p${worker === 0 ? "" : `-${worker}`}.sock`);
		clients.set(worker, known);
		return known;
	};
	const admin = async (path: string) => {
		const { request } = await import("node:http");
		const sent = request({ socketPath: join(folder, "admin.sock"), path, agent: false }).end();
		const [response] = await once(sent, "response");
		let text = "";
		for await (const chunk of response) text += chunk;
		return { status: response.statusCode as number, text };
	};
	if (setup.unready !== true) {
		await until(() => / ready: grpc /.test(err) || child.exitCode !== null, 50_000);
		if (child.exitCode !== null) throw new Error(err);
	}
	return {
		child,
		folder,
		out: () => out,
		err: () => err,
		ended,
		client,
		check: async (worker, path, deadlineMs) =>
			readAnswer(await client(worker).check(checkRequest({ ":path": path }, ""), deadlineMs)),
		admin,
		workers: async () => JSON.parse((await admin("/status")).text).workers,
		async records() {
			const text = await readFile(join(folder, "audit.jsonl"), "utf8");
			return text
				.split("\n")
				.slice(0, -1)
				.map((line) => JSON.parse(line));
		},
		deploy,
		async clear() {
			for (const each of clients.values()) each.close();
			child.kill("SIGKILL");
			await ended;
			// Workers that the supervisor left behind may write until they notice.
			rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
		},
	};
}

/** Whether a process is there. */
export function alive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

/** A sum over all series of a metric whose text holds `part`. */
export function metric(exposition: string, part: string): number {
	return exposition
		.split("\n")
		.filter((line) => line.startsWith(part))
		.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}
