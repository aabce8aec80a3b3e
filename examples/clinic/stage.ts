import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { envoyAddress, renderEnvoyConfig } from "../../scripts/envoy-config.mjs";
import { callHttp } from "./http-call.ts";
import { type Keys, makeKeys } from "./keys.ts";
import { DemoError, type Program, type Running, requireFreePorts, start, untilReady } from "./processes.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Everything that the demo makes; ignored by git. */
export const RUN = join(ROOT, ".run", "clinic");
const CONFIG = fileURLToPath(new URL("postern.yaml", import.meta.url));
const POSTERN = join(ROOT, "bin", "postern");
/** A socket's path must fit into `sun_path`: 108 bytes on Linux, 104 elsewhere, with its NUL. */
const MAX_SOCKET_PATH = 100;

export interface Ports {
	readonly edge: number;
	readonly edgeTls: number;
	readonly envoyAdmin: number;
	readonly upstream: number;
	readonly posternAdmin: number;
}

/** The whole scene, running. */
export interface Stage {
	readonly ports: Ports;
	readonly keys: Keys;
	readonly upstream: Upstream;
	readonly auditFile: string;
	stopPostern(): Promise<void>;
	startPostern(): Promise<void>;
	/** Rejects when Envoy or Postern ends by itself. */
	breakdown(): Promise<never>;
	/** Ends all of it; may be called at any time and more than once. */
	tearDown(): Promise<void>;
}

function portsFrom(first: number): Ports {
	return {
		edge: first,
		edgeTls: first + 1,
		envoyAdmin: first + 2,
		upstream: first + 3,
		posternAdmin: first + 4,
	};
}

async function buildBundle(onStart: (running: Running) => void): Promise<void> {
	const program: Program = {
		name: "postern build",
		command: process.execPath,
		args: [POSTERN, "build", join(ROOT, "rego", "clinic"), "-o", join(RUN, "bundle.tar.gz")],
		logFile: join(RUN, "build.log"),
	};
	const running = start(program);
	onStart(running);
	const code = await running.exitCode;
	if (code !== 0) {
		throw new DemoError(`the policy could not be built:\n${readFileSync(program.logFile, "utf8")}`);
	}
}

/** Two demos of one checkout would take each other's files. */
function requireSoleRun(): void {
	const file = join(RUN, "demo.pid");
	const other = existsSync(file) ? Number.parseInt(readFileSync(file, "utf8"), 10) : Number.NaN;
	if (other > 0 && other !== process.pid && isAlive(other)) {
		throw new DemoError(
			`another demo of this checkout runs (process ${other}). End it first; if that is something else, remove ${file}.`,
		);
	}
	writeFileSync(file, `${process.pid}\n`);
}

function releaseRun(): void {
	const file = join(RUN, "demo.pid");
	if (existsSync(file) && Number.parseInt(readFileSync(file, "utf8"), 10) === process.pid) rmSync(file);
}

function isAlive(pid: number): boolean {
	try {
		return process.kill(pid, 0);
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

function socketPath(): string {
	const here = join(RUN, "postern.sock");
	if (Buffer.byteLength(here) <= MAX_SOCKET_PATH) return here;
	const folder = join(tmpdir(), `postern-clinic-${process.pid}`);
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	return join(folder, "postern.sock");
}

/**
 * Builds the policy, makes the keys and starts the service, Postern and Envoy, each when the one before is ready.
 *
 * @param firstPort of five in a row
 * @param onStep told what happens next
 * @param aborted asked between the steps; once it says so everything is ended again
 */
export async function setStage(
	firstPort: number,
	onStep: (what: string) => void,
	aborted: () => boolean,
): Promise<Stage> {
	const ports = portsFrom(firstPort);
	const running: Running[] = [];
	let upstream: Upstream | undefined;
	let postern: Running | undefined;
	const socket = socketPath();
	const auditFile = join(RUN, "audit.jsonl");

	const tearDown = async () => {
		await Promise.all(running.map((one) => one.stop()));
		await upstream?.stop();
		releaseRun();
		if (!socket.startsWith(RUN)) rmSync(join(socket, ".."), { recursive: true, force: true });
	};
	const goOn = () => {
		if (aborted()) throw new DemoError("interrupted", 130);
	};

	try {
		mkdirSync(RUN, { recursive: true, mode: 0o700 });
		requireSoleRun();
		await requireFreePorts({
			"the edge": ports.edge,
			"the edge with TLS": ports.edgeTls,
			"Envoy's admin port": ports.envoyAdmin,
			"the customer-records service": ports.upstream,
			"Postern's admin port": ports.posternAdmin,
		});
		onStep("policy: bin/postern build rego/clinic");
		await buildBundle((one) => running.push(one));
		goOn();
		onStep("keys: a token key set, a certificate authority and two certificates, all throw-away");
		const keys = await makeKeys(RUN);
		writeFileSync(join(RUN, "hash.key"), `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600 });
		rmSync(auditFile, { force: true });

		onStep(`upstream: the customer-records service on 127.0.0.1:${ports.upstream}`);
		upstream = await startUpstream(ports.upstream);

		const posternProgram: Program = {
			name: "Postern",
			command: process.execPath,
			args: [POSTERN, "serve", "--config", CONFIG],
			env: {
				...process.env,
				POSTERN_SERVE_GRPC: `unix://${socket}`,
				POSTERN_SERVE_ADMIN: `127.0.0.1:${ports.posternAdmin}`,
			},
			logFile: join(RUN, "postern.log"),
		};
		const startPostern = async () => {
			postern = start(posternProgram);
			running.push(postern);
			await untilReady(postern, posternProgram, async () => {
				const { status } = await callHttp({ port: ports.posternAdmin, method: "GET", path: "/readyz" });
				return status === 200;
			});
		};
		onStep("Postern: bin/postern serve --config examples/clinic/postern.yaml");
		await startPostern();
		goOn();

		const envoyFile = join(RUN, "envoy.yaml");
		const template = readFileSync(join(ROOT, "envoy", "authz-and-fields-requests.yaml"), "utf8");
		writeFileSync(
			envoyFile,
			renderEnvoyConfig(template, {
				ADMIN_PORT: ports.envoyAdmin,
				EDGE_PORT: ports.edge,
				EDGE_TLS_PORT: ports.edgeTls,
				TLS_CERTIFICATE: JSON.stringify(keys.serverCertificate),
				TLS_PRIVATE_KEY: JSON.stringify(keys.serverKey),
				CLIENT_CA: JSON.stringify(keys.ca),
				UPSTREAM_ADDRESS: envoyAddress(`127.0.0.1:${ports.upstream}`),
				POSTERN_ADDRESS: envoyAddress(`unix://${socket}`),
				ACCESS_LOG: JSON.stringify(join(RUN, "access.jsonl")),
			}),
		);
		onStep(
			`Envoy: envoy/authz-and-fields-requests.yaml, callers come to 127.0.0.1:${ports.edge} and (TLS) ${ports.edgeTls}`,
		);
		const envoyProgram: Program = {
			name: "Envoy",
			command: "envoy",
			args: ["-c", envoyFile, "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"],
			logFile: join(RUN, "envoy.log"),
		};
		const envoy = start(envoyProgram);
		running.push(envoy);
		await untilReady(envoy, envoyProgram, async () => {
			const { status } = await callHttp({ port: ports.envoyAdmin, method: "GET", path: "/ready" });
			return status === 200;
		});
		goOn();
		const service = upstream;
		return {
			ports,
			keys,
			upstream: service,
			auditFile,
			startPostern,
			stopPostern: async () => {
				await postern?.stop();
			},
			breakdown: async () => {
				const fallen = await Promise.race([
					envoy.exitCode.then(() => envoyProgram),
					postern?.exitCode.then(() => posternProgram),
				]);
				throw new DemoError(`${fallen?.name} ended by itself; its log is ${fallen?.logFile}`, 1);
			},
			tearDown,
		};
	} catch (error) {
		await tearDown();
		throw error;
	}
}
