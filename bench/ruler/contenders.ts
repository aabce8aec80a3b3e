import type { ChildProcess } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { makeBundle } from "../../src/policy/bundle/make.ts";
import { freePorts } from "../../test/support/envoy/free-ports.ts";
import type { Scenario } from "./scenarios.ts";
import { answering, ended, SERVER_CORE, spawnPinned } from "./served.ts";

/** A server that is asked, with a policy of its own. */
export interface Running {
	/** Of 127.0.0.1, or elsewhere. */
	readonly address: string;
	/** Absent where somebody else started it: then nothing is known of its CPU time. */
	readonly pid?: number;
	stop(): Promise<void>;
}

export interface Contender {
	readonly name: string;
	readonly ours: boolean;
	/** The scenarios that it takes part in; absent: all. */
	readonly only?: readonly string[];
	/** `launcher` starts Postern as the image does. */
	start(scenario: Scenario, folder: string, launcher: string): Promise<Running>;
}

const ENTRYPOINT = "envoy/authz/allow";

function own(name: string, policy: string, more: string, only?: readonly string[]): Contender {
	return {
		name,
		ours: true,
		...(only === undefined ? {} : { only }),
		async start(scenario, folder, launcher) {
			const [port = 0] = await freePorts(1);
			await mkdir(join(folder, "policy"), { recursive: true });
			await writeFile(join(folder, "policy", "policy.rego"), scenario.ownPolicy ?? scenario.policy);
			await writeFile(join(folder, "policy", "data.json"), JSON.stringify(scenario.data));
			for (const [file, text] of Object.entries(scenario.files ?? {}))
				await writeFile(join(folder, file), text);
			const bundle = await makeBundle({ dirs: [join(folder, "policy")], entrypoints: [ENTRYPOINT] });
			await writeFile(join(folder, "bundle.tar.gz"), bundle.bytes);
			const config = join(folder, "postern.yaml");
			await writeFile(
				config,
				[
					`serve: {grpc: ["127.0.0.1:${port}"], admin: "off", ${more}}`,
					`policy: {bundle: bundle.tar.gz, ${policy}}`,
					...(scenario.identity === undefined ? [] : [`identity: ${scenario.identity}`]),
					"audit: {sink: audit.jsonl}",
					"log: {level: error}",
				].join("\n"),
			);
			const argv = [process.execPath, "--no-warnings", launcher, "serve", "--config", config];
			return watched(argv, port, {}, folder);
		},
	};
}

/** Postern as it is shipped, audit and metrics on, and with one thing changed at a time. */
export const OWN: readonly Contender[] = [
	own("Postern", "memo: off", ""),
	own("Postern, memo", "memo: on", "", ["RBAC object", "1,000 rules"]),
	own("Postern, compat", "memo: off, compat: opa-envoy-plugin", "", ["NOP", "RBAC object"]),
	own("Postern, grpc-js", "memo: off", "transport: grpc-js", ["NOP", "RBAC object"]),
];

/**
 * Another server: `NAME=HOST:PORT` of one that runs, or `NAME=[VARIABLE=VALUE ...] COMMAND ARGUMENT ...` to start one,
 * with `{port}`, `{aux_port}` (another free one), `{policy}`, `{data}` (files) and `{entrypoint}` filled in. It is ready
 * when its port answers.
 */
export function peer(text: string): Contender {
	const [, name, rest] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
	if (name === undefined || rest === undefined)
		throw new Error(`--peer NAME=HOST:PORT or NAME=COMMAND: ${text}`);
	if (/^[^\s{}]+:\d+$/.test(rest))
		return { name, ours: false, start: async () => ({ address: rest, stop: async () => {} }) };
	return {
		name,
		ours: false,
		async start(scenario, folder) {
			const [port = 0, auxiliary = 0] = await freePorts(2);
			const values: Readonly<Record<string, string>> = {
				port: String(port),
				aux_port: String(auxiliary),
				policy: join(folder, "policy.rego"),
				data: join(folder, "data.json"),
				entrypoint: ENTRYPOINT,
			};
			await writeFile(join(folder, "policy.rego"), scenario.policy);
			await writeFile(join(folder, "data.json"), JSON.stringify(scenario.data));
			const words = rest
				.split(/\s+/)
				.map((word) => word.replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all));
			const first = words.findIndex((word) => !/^[A-Z_][A-Z0-9_]*=/.test(word));
			const env = Object.fromEntries(words.slice(0, first).map((word) => word.split(/=(.*)/s).slice(0, 2)));
			return watched(words.slice(first), port, env, folder);
		},
	};
}

async function watched(
	argv: readonly string[],
	port: number,
	env: Readonly<Record<string, string>>,
	folder: string,
): Promise<Running> {
	const child: ChildProcess = spawnPinned(argv, SERVER_CORE, { env, log: join(folder, "server.log") });
	try {
		await answering(port, child);
	} catch (error) {
		await ended(child);
		throw error;
	}
	return { address: `127.0.0.1:${port}`, pid: child.pid as number, stop: () => ended(child) };
}
