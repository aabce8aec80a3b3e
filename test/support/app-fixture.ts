import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import protobuf from "protobufjs";
import { loadConfig } from "../../src/config/load.ts";
import { type App, type AppAddresses, type AppOverrides, buildApp } from "../../src/serve/app.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { type BytesClient, connectBytes } from "./grpc-bytes.ts";
import { bundleOf, type Sources } from "./policy.ts";
import { createSilentTelemetry, type Silent } from "./silent-telemetry.ts";
import type { TestedTransport } from "./transports.ts";

const root = new protobuf.Root();
root.resolvePath = (_origin, target) =>
	target.startsWith("google/protobuf/") ? null : resolve(import.meta.dirname, "../../proto", target);
root.loadSync("envoy/service/auth/v3/external_auth.proto", { keepCase: true });
const CheckRequest = root.lookupType("envoy.service.auth.v3.CheckRequest");
const CheckResponse = root.lookupType("envoy.service.auth.v3.CheckResponse");

export interface Answer {
	/** `status.code`; 0 allows. */
	readonly code: number;
	/** HTTP status of a denial. */
	readonly http?: number;
	readonly headers: Readonly<Record<string, string>>;
	/** Dynamic metadata, plain. */
	readonly metadata: Readonly<Record<string, unknown>>;
}

export interface RunningApp {
	readonly app: App;
	readonly folder: string;
	readonly addresses: AppAddresses;
	readonly silent: Silent;
	/** Audit records so far, in order. */
	records(): Promise<Record<string, unknown>[]>;
	readonly client: BytesClient;
	check(headers?: Readonly<Record<string, string>>, principal?: string): Promise<Answer>;
	/** `SERVING`, `NOT_SERVING`, or why there is no answer. */
	health(): Promise<string>;
	admin(path: string): Promise<{ readonly status: number; readonly text: string }>;
	/** Puts a bundle into the app's place for it, in one step. */
	deploy(bundle: Uint8Array): Promise<void>;
	stop(): Promise<void>;
}

export interface AppSetup {
	/** Lines of `postern.yaml` behind those of the fixture. */
	readonly yaml?: string;
	/** Rego to deploy before the start. */
	readonly policy?: Sources | string;
	/** Files to lie beside the configuration. */
	readonly files?: Readonly<Record<string, string>>;
	readonly grpc?: string;
	/** Further keys of the section, as in a mapping in braces. */
	readonly serve?: string;
	/** 5 unless told otherwise. */
	readonly drainSeconds?: number;
	/** `auto` unless told otherwise. */
	readonly transport?: TestedTransport;
	/** Environment variables, which win over the file. */
	readonly env?: Readonly<Record<string, string>>;
	readonly overrides?: AppOverrides;
}

/** Builds and starts the whole process out of a configuration file, on free ports, in a folder of its own. */
export async function startApp(setup: AppSetup = {}): Promise<RunningApp> {
	const folder = mkdtempSync(join(tmpdir(), "postern-app-"));
	for (const [name, text] of Object.entries(setup.files ?? {})) writeFileSync(join(folder, name), text);
	const grpc = setup.grpc ?? "unix:postern.sock";
	writeFileSync(
		join(folder, "postern.yaml"),
		`serve: {grpc: ["${grpc}"], transport: ${setup.transport ?? "auto"}, admin: "127.0.0.1:0", drain_seconds: ${setup.drainSeconds ?? 5}${setup.serve === undefined ? "" : `, ${setup.serve}`}}\npolicy: {bundle: bundle.tar.gz, poll_seconds: 1}\naudit: {sink: audit.jsonl}\n${setup.yaml ?? ""}`,
	);
	const deploy = async (bundle: Uint8Array): Promise<void> => {
		await writeFile(join(folder, "next"), bundle);
		await rename(join(folder, "next"), join(folder, "bundle.tar.gz"));
	};
	if (setup.policy !== undefined) await deploy((await bundleOf(setup.policy)).bytes);
	const silent = createSilentTelemetry();
	const app = buildApp(loadConfig({ file: "postern.yaml", folder, env: setup.env ?? {} }), {
		log: silent.log,
		metrics: createMetrics({ processMetrics: false }),
		...setup.overrides,
	});
	const addresses = await app.start();
	const target = addresses.grpc[0] ?? "";
	const client = connectBytes(target);
	return {
		app,
		folder,
		addresses,
		silent,
		client,
		deploy,
		check: async (headers = {}, principal = "") =>
			readAnswer(await client.check(checkRequest(headers, principal))),
		health: () => askHealth(target),
		async admin(path) {
			const response = await fetch(`http://${addresses.admin}${path}`);
			return { status: response.status, text: await response.text() };
		},
		async records() {
			await new Promise((resolve) => setTimeout(resolve, 80));
			const { readFile } = await import("node:fs/promises");
			const text = await readFile(join(folder, "audit.jsonl"), "utf8");
			return text
				.split("\n")
				.filter((line) => line !== "")
				.map((line) => JSON.parse(line));
		},
		async stop() {
			client.close();
			await app.stop("test");
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

export function checkRequest(headers: Readonly<Record<string, string>>, principal: string): Buffer {
	const given = { ":method": "GET", ":path": "/things/1", ":authority": "api.test", ...headers };
	return Buffer.from(
		CheckRequest.encode(
			CheckRequest.fromObject({
				attributes: {
					source: { principal },
					request: {
						http: {
							method: given[":method"],
							path: given[":path"],
							host: "api.test",
							protocol: "HTTP/1.1",
							headers: given,
						},
					},
				},
			}),
		).finish(),
	);
}

export function readAnswer(bytes: Uint8Array): Answer {
	// biome-ignore lint/suspicious/noExplicitAny: the shape is the proto's
	const message: any = CheckResponse.toObject(CheckResponse.decode(bytes), { enums: String });
	const denied = message.denied_response;
	const options = (denied ?? message.ok_response)?.headers ?? [];
	return {
		code: message.status?.code ?? 0,
		...(denied === undefined ? {} : { http: Number(denied.status?.code ?? 0) || denied.status?.code }),
		headers: Object.fromEntries(
			options.map((option: { header: { key: string; value: string } }) => [
				option.header.key,
				option.header.value,
			]),
		),
		metadata: plain(message.dynamic_metadata),
	};
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is the proto's
function plain(struct: any): Record<string, unknown> {
	return Object.fromEntries(
		// biome-ignore lint/suspicious/noExplicitAny: the shape is the proto's
		Object.entries<any>(struct?.fields ?? {}).map(([key, value]) => [
			key,
			value.string_value ?? value.stringValue ?? value,
		]),
	);
}

function askHealth(target: string): Promise<string> {
	const client = new Client(target, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
	return new Promise((resolve) => {
		client.makeUnaryRequest(
			"/grpc.health.v1.Health/Check",
			(bytes: Buffer) => bytes,
			(bytes: Buffer) => bytes,
			Buffer.alloc(0),
			{ deadline: Date.now() + 2000 },
			(error, answer) => {
				client.close();
				if (error !== null || answer === undefined) resolve(error?.details ?? "no answer");
				else resolve(answer[1] === 1 ? "SERVING" : "NOT_SERVING");
			},
		);
	});
}
