import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { envoyAddress, renderEnvoyConfig } from "../../../scripts/envoy-config.mjs";
import { cpuOf } from "../process-cpu.ts";
import type { Certificates } from "./certificates.ts";
import { freePorts } from "./free-ports.ts";

/** A configuration tree of Envoy; tests reach into it to build what the shipped file does not have. */
// biome-ignore lint/suspicious/noExplicitAny: a foreign tree of hundreds of types
export type EnvoyConfig = any;

export interface EnvoyOptions {
	/** Which of the shipped configurations, without its ending; `authz-and-fields` when absent. */
	readonly template?: string;
	/** Address of Postern's gRPC services. */
	readonly postern: string;
	readonly upstream: string;
	readonly certificates: Certificates;
	/** Changes the shipped configuration before Envoy reads it. */
	readonly change?: (config: EnvoyConfig) => void;
	/** Further listeners without TLS, by name: each a copy of the shipped one with something changed. */
	readonly variants?: Readonly<Record<string, (manager: EnvoyConfig, listener: EnvoyConfig) => void>>;
}

/** The shipped ext_proc settings inside a connection manager's. */
export function extProcOf(manager: EnvoyConfig): EnvoyConfig {
	return filterOf(manager, "ext_proc").typed_config.extension_config.typed_config;
}

export function filterOf(manager: EnvoyConfig, name: string): EnvoyConfig {
	return manager.http_filters.find((filter: EnvoyConfig) => filter.name === `envoy.filters.http.${name}`);
}

/** Takes the matcher away that leaves ext_proc out: every answer then reaches it. */
export function withoutMatcher(manager: EnvoyConfig): void {
	filterOf(manager, "ext_proc").typed_config = extProcOf(manager);
}

export interface EnvoyProcess {
	readonly port: number;
	readonly tlsPort: number;
	readonly adminPort: number;
	/** Ports of the further listeners. */
	readonly variants: Readonly<Record<string, number>>;
	/** The access log's lines, oldest first. */
	accessLog(): Promise<readonly Readonly<Record<string, unknown>>[]>;
	/** CPU that it has taken, milliseconds. */
	cpu(): number;
	/** Counters of the admin port whose name holds `part`. */
	stats(part: string): Promise<string>;
	stop(): Promise<void>;
}

const TEMPLATES = resolve(import.meta.dirname, "../../../envoy");
const running = new Set<ChildProcess>();
process.on("exit", () => {
	for (const child of running) child.kill("SIGKILL");
});

/** Starts the real Envoy with the shipped configuration and waits until it takes calls. */
export async function startEnvoy(options: EnvoyOptions): Promise<EnvoyProcess> {
	const names = Object.keys(options.variants ?? {});
	// All at once: what was free a moment ago may be handed out again.
	const [adminPort = 0, port = 0, tlsPort = 0, ...ports] = await freePorts(3 + names.length);
	const folder = await mkdtemp(join(tmpdir(), "postern-envoy-"));
	const accessLog = join(folder, "access.log");
	const { files } = options.certificates;
	const rendered = renderEnvoyConfig(
		await readFile(join(TEMPLATES, `${options.template ?? "authz-and-fields"}.yaml`), "utf8"),
		{
			ADMIN_PORT: adminPort,
			EDGE_PORT: port,
			EDGE_TLS_PORT: tlsPort,
			TLS_CERTIFICATE: files.certificate,
			TLS_PRIVATE_KEY: files.key,
			CLIENT_CA: files.authority,
			UPSTREAM_ADDRESS: envoyAddress(options.upstream),
			POSTERN_ADDRESS: envoyAddress(options.postern),
			ACCESS_LOG: accessLog,
		},
	);
	// JSON is YAML; the shipped file goes to Envoy as it is unless a test changes it.
	const config = join(folder, "envoy.yaml");
	const variants = Object.fromEntries(names.map((name, at) => [name, ports[at] ?? 0]));
	if (options.change === undefined && names.length === 0) await writeFile(config, rendered);
	else {
		// Anchors share nodes: a copy without sharing keeps a change of one listener out of the other.
		const tree: EnvoyConfig = JSON.parse(JSON.stringify(parse(rendered, { maxAliasCount: -1 })));
		options.change?.(tree);
		const { listeners } = tree.static_resources;
		const shipped = JSON.stringify(listeners[0]);
		for (const name of names) {
			const listener: EnvoyConfig = JSON.parse(shipped);
			listener.name = name;
			listener.address.socket_address.port_value = variants[name];
			options.variants?.[name]?.(listener.filter_chains[0].filters[0].typed_config, listener);
			listeners.push(listener);
		}
		await writeFile(config, JSON.stringify(tree));
	}
	const child = spawn(
		"envoy",
		[
			"-c",
			config,
			"--concurrency",
			"1",
			"--use-dynamic-base-id",
			"--log-level",
			"error",
			"--drain-time-s",
			"1",
			"--file-flush-interval-msec",
			"20",
		],
		{ stdio: ["ignore", "ignore", "pipe"] },
	);
	running.add(child);
	let complaints = "";
	child.stderr?.on("data", (text: Buffer) => {
		complaints = (complaints + text.toString()).slice(-4000);
	});
	const exited = new Promise<void>((done) => {
		child.once("error", (error) => {
			complaints += String(error);
			running.delete(child);
			done();
		});
		child.once("exit", () => {
			running.delete(child);
			done();
		});
	});
	for (let attempt = 0; !(await isReady(adminPort)); attempt++) {
		if (!running.has(child) || attempt > 200) throw new Error(`Envoy did not start:\n${complaints}`);
		await new Promise((wait) => setTimeout(wait, 50));
	}
	return {
		port,
		tlsPort,
		adminPort,
		variants,
		async accessLog() {
			const text = await readFile(accessLog, "utf8").catch(() => "");
			return text
				.split("\n")
				.filter((line) => line !== "")
				.map((line) => JSON.parse(line) as Record<string, unknown>);
		},
		cpu: () => cpuOf(child.pid ?? 0),
		stats: (part) => read(adminPort, `/stats?filter=${part}`),
		async stop() {
			child.kill("SIGTERM");
			const late = setTimeout(() => child.kill("SIGKILL"), 3000);
			await exited;
			clearTimeout(late);
		},
	};
}

async function isReady(adminPort: number): Promise<boolean> {
	return (await read(adminPort, "/ready").catch(() => "")).startsWith("LIVE");
}

function read(port: number, path: string): Promise<string> {
	return new Promise((done, failed) => {
		const request = get({ host: "127.0.0.1", port, path, agent: false }, (response) => {
			let text = "";
			response.setEncoding("utf8");
			response.on("data", (piece: string) => {
				text += piece;
			});
			response.on("end", () => done(text));
		});
		request.on("error", failed);
	});
}
