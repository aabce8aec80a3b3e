import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { connectBytes } from "../support/grpc-bytes.ts";
import { bundleOf } from "../support/policy.ts";
import { TRANSPORTS } from "../support/transports.ts";
import { until } from "../support/until.ts";

const POSTERN = resolve(import.meta.dirname, "../../bin/postern");

let folder = "";
let child: ChildProcess | undefined;
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "postern-serve-"));
	writeFileSync(
		join(folder, "bundle.tar.gz"),
		(await bundleOf("package envoy.authz\n\ndefault allow := true\n")).bytes,
	);
	writeFileSync(
		join(folder, "postern.yaml"),
		'policy: {bundle: bundle.tar.gz}\nserve: {grpc: ["unix:p.sock"], admin: "127.0.0.1:0"}\n',
	);
});
afterEach(() => {
	child?.kill("SIGKILL");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Running {
	readonly child: ChildProcess;
	readonly out: () => string;
	readonly err: () => string;
	readonly ended: Promise<unknown[]>;
}

function serve(...argv: string[]): Running {
	return serveWith({}, ...argv);
}

function serveWith(env: Readonly<Record<string, string>>, ...argv: string[]): Running {
	const started = spawn(process.execPath, [POSTERN, "serve", ...argv], {
		cwd: folder,
		env: { ...process.env, ...env },
		stdio: ["ignore", "pipe", "pipe"],
	});
	child = started;
	let out = "";
	let err = "";
	started.stdout.on("data", (chunk) => {
		out += chunk;
	});
	started.stderr.on("data", (chunk) => {
		err += chunk;
	});
	return { child: started, out: () => out, err: () => err, ended: once(started, "close") };
}

test.each(TRANSPORTS)(
	"%s: one line says the addresses; audit lines go to stdout, and SIGTERM writes the last of them before exit 0",
	async (transport) => {
		const running = serveWith({ POSTERN_SERVE_TRANSPORT: transport }, "--log-level", "warn");
		await until(() => running.err().includes("\n"));
		expect(running.err()).toMatch(
			/^postern \d\S+ ready: grpc unix:\/\/\S+p\.sock, admin 127\.0\.0\.1:\d+\n$/,
		);
		const client = connectBytes(`unix:${join(folder, "p.sock")}`);
		for (let times = 0; times < 20; times++) await client.check(Buffer.alloc(0));
		running.child.kill("SIGTERM");
		expect(await running.ended).toEqual([0, null]);
		client.close();
		const lines = running
			.out()
			.trimEnd()
			.split("\n")
			.map((line) => JSON.parse(line));
		expect(lines.map((line) => line.type)).toEqual(Array(20).fill("decision"));
		expect(running.err().split("\n").length).toBe(2);
	},
);

test("Ctrl-C ends it the same way, and the same socket can be bound again", async () => {
	const running = serve("--audit", "off", "--log-level", "warn");
	await until(() => running.err().includes("ready"));
	running.child.kill("SIGINT");
	expect(await running.ended).toEqual([0, null]);
	const again = serve("--audit", "off", "--log-level", "warn");
	await until(() => again.err().includes("ready"));
	again.child.kill("SIGTERM");
	expect(await again.ended).toEqual([0, null]);
});

test("a reader of the audit log that stalls does not stop calls, and does not keep the process from ending", async () => {
	const running = serve("--log-level", "error");
	await until(() => running.err().includes("ready"));
	running.child.stdout?.pause();
	const client = connectBytes(`unix:${join(folder, "p.sock")}`);
	let worst = 0;
	for (let round = 0; round < 20; round++) {
		const began = Date.now();
		await Promise.all(Array.from({ length: 50 }, () => client.check(Buffer.alloc(0))));
		worst = Math.max(worst, Date.now() - began);
	}
	expect(worst).toBeLessThan(8000);
	client.close();
	running.child.kill("SIGTERM");
	const began = Date.now();
	setTimeout(() => running.child.stdout?.resume(), 20_000).unref();
	const exited = await once(running.child, "exit");
	expect(exited).toEqual([0, null]);
	expect(Date.now() - began).toBeLessThan(19_000);
});

test("a reader of the log that goes away does not end the process", async () => {
	const running = serve("--audit", "off", "--log-level", "debug");
	await until(() => running.err().includes("ready"));
	running.child.stderr?.destroy();
	const client = connectBytes(`unix:${join(folder, "p.sock")}`);
	// A message that is no CheckRequest is denied, and logged.
	for (let times = 0; times < 20; times++) await client.check(Buffer.from([0xff, times]));
	client.close();
	running.child.kill("SIGTERM");
	expect(await once(running.child, "exit")).toEqual([0, null]);
});

test("a signal that comes while it starts ends it without a word of failure", async () => {
	const running = serve("--audit", "off");
	await until(() => running.err().includes("policy active"));
	running.child.kill("SIGTERM");
	expect(await running.ended).toEqual([0, null]);
	expect(running.err()).not.toContain("(internal)");
});

test("what cannot start says why, with its exit code and nothing on stdout", async () => {
	const cases = [
		[["--config", "none.yaml"], 3, "none.yaml does not exist (file_unreadable)"],
		[["--drain-seconds", "soon"], 2, "--drain-seconds: serve.drain_seconds: must be a whole number"],
		[["--grpc", "0.0.0.0:0"], 2, "(address_unsafe)"],
		[["--audit", "none/audit.log"], 3, "(audit_sink_unusable)"],
		[["--hash-key-file", "postern.yaml", "--grpc", "127.0.0.1:0"], 2, "(callers_untrusted)"],
		[["--grcp", "x"], 2, 'did you mean "--grpc"?'],
		[["--worker"], 2, "--workers N starts N of them (usage)"],
		[["--workers", "300"], 2, "serve.workers: must be a whole number between 0 and 256"],
	] as const;
	const ends = cases.map(async ([argv, code, message]) => {
		const running = serve(...argv);
		const [exit] = await running.ended;
		expect([exit, running.out(), running.err()]).toEqual([code, "", expect.stringContaining(message)]);
	});
	await Promise.all(ends);
});
