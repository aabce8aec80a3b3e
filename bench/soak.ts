/**
 * `npm run test:soak [-- CHECKS]`: that many Checks (10 million unless told otherwise) against a worker as it is shipped,
 * with audit and metrics on. Prints the resident set of all processes at each twentieth, and exits 1 when the worker's
 * has grown by more than a tenth over the last three quarters, or when a call failed: in the first V8's heap finds its size.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { loadSync, type MethodDefinition } from "@grpc/proto-loader";
import { makeBundle } from "../src/policy/bundle/make.ts";
import { type LoadOrder, type LoadResult, writeScript } from "./load/calls.ts";
import { packagedPostern } from "./packaged.ts";
import { DATA, RBAC_OBJECT, sampleRequest } from "./sample-request.ts";

const CHECKS = Number(process.argv[2] ?? "10000000");
const INTERVALS = 20;
const DISTINCT = 5000;
/** Checks before memory is looked at: V8 compiles, caches fill. */
const WARM = 300_000;
/** Growth of the worker over three quarters of the run that counts as flat. */
const FLAT = 1.1;
const MIB = 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), "postern-soak-"));
const children: ChildProcess[] = [];
process.on("exit", () => {
	for (const child of children) child.kill("SIGKILL");
	rmSync(folder, { recursive: true, force: true });
});

async function startServer(): Promise<void> {
	writeFileSync(join(folder, "policy.rego"), RBAC_OBJECT);
	writeFileSync(join(folder, "data.json"), DATA);
	const bundle = await makeBundle({
		dirs: [join(folder, "policy.rego"), join(folder, "data.json")],
		entrypoints: ["envoy/authz/allow"],
	});
	writeFileSync(join(folder, "bundle.tar.gz"), bundle.bytes);
	writeFileSync(
		join(folder, "postern.yaml"),
		'serve: {grpc: ["unix:p.sock"], admin: "unix:admin.sock", workers: 1}\npolicy: {bundle: bundle.tar.gz}\naudit: {sink: /dev/null}\nlog: {level: warn}\n',
	);
	const launcher = packagedPostern(join(folder, "package"));
	const server = spawn(process.execPath, ["--no-warnings", launcher, "serve"], {
		cwd: folder,
		stdio: ["ignore", "ignore", "pipe"],
	});
	children.push(server);
	for await (const text of server.stderr) {
		process.stderr.write(text);
		if (String(text).includes(" ready: grpc ")) return;
	}
	throw new Error("the server did not start");
}

async function startLoad(): Promise<(order: LoadOrder) => Promise<LoadResult>> {
	const file = join(import.meta.dirname, "load/load.ts");
	const load = spawn(process.execPath, ["--no-warnings", file], {
		stdio: ["ignore", "ignore", "inherit", "ipc"],
	});
	children.push(load);
	await once(load, "message");
	return async (order) => {
		const answered = once(load, "message");
		load.send(order);
		const [result] = (await answered) as [LoadResult & { readonly error?: string }];
		if (result.error !== undefined) throw new Error(result.error);
		return result;
	};
}

function requests(): readonly (readonly Buffer[])[] {
	const definition = loadSync("envoy/service/auth/v3/external_auth.proto", {
		includeDirs: [join(import.meta.dirname, "../proto")],
		keepCase: false,
	});
	const { Check } = definition["envoy.service.auth.v3.Authorization"] as unknown as {
		Check: MethodDefinition<object, object>;
	};
	return Array.from({ length: DISTINCT }, (_, number) => [Check.requestSerialize(sampleRequest(number))]);
}

async function workerPid(): Promise<number> {
	const sent = request({ socketPath: join(folder, "admin.sock"), path: "/status", agent: false }).end();
	const [response] = await once(sent, "response");
	let text = "";
	for await (const chunk of response) text += chunk;
	return JSON.parse(text).workers[0].pid;
}

/** Resident set of a process, bytes. */
function resident(pid: number): number {
	return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
}

await startServer();
const load = await startLoad();
const script = join(folder, "script");
const path = "/envoy.service.auth.v3.Authorization/Check";
writeFileSync(script, writeScript({ path, calls: requests() }));
const pid = await workerPid();
const supervisor = children[0]?.pid ?? 0;
const calls = Math.ceil(CHECKS / INTERVALS);

async function drive(count: number): Promise<LoadResult> {
	const address = `unix://${folder}/p-1.sock`;
	const result = await load({ address, script, connections: 2, streams: 16, calls: count });
	if (result.failed > 0) throw new Error(`${result.failed} calls failed`);
	return result;
}

await drive(WARM);
const warm = resident(pid);
process.stdout.write(`warm: worker ${(warm / MIB).toFixed(1)} MB\n`);
let settled = warm;
let last = warm;
for (let interval = 1; interval <= INTERVALS; interval++) {
	const result = await drive(calls);
	const bytes = resident(pid);
	last = bytes;
	if (interval === INTERVALS / 4) settled = bytes;
	const rate = Math.round(result.calls / result.seconds);
	process.stdout.write(
		`${String(interval * calls).padStart(9)} Checks  worker ${(bytes / MIB).toFixed(1)} MB  supervisor ${(resident(supervisor) / MIB).toFixed(1)} MB  ${rate} a second\n`,
	);
}
const growth = last / settled;
const same = (await workerPid()) === pid;
process.stdout.write(
	`the worker's resident set changed by a factor of ${growth.toFixed(3)}, of ${(last / warm).toFixed(3)} since it was warm; ${same ? "it is the same process" : "it was REPLACED"}\n`,
);
process.exit(growth <= FLAT && same ? 0 : 1);
