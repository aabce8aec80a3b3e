import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	Client,
	credentials,
	type handleUnaryCall,
	Server,
	ServerCredentials,
	type ServiceDefinition,
	type ServiceError,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import protobuf from "protobufjs";
import { envoyAddress } from "../../scripts/envoy-config.mjs";
import { loadConfig } from "../../src/config/load.ts";
import { buildBundle } from "../../src/policy/bundle/build.ts";
import { findOpa } from "../../src/policy/bundle/opa.ts";
import { type App, buildApp } from "../../src/serve/app.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { askOnce } from "../support/envoy/ask-once.ts";
import { createCertificates } from "../support/envoy/certificates.ts";
import { type ClientAnswer, callHttp1, callHttp2, header } from "../support/envoy/client.ts";
import { type EnvoyConfig, type EnvoyProcess, filterOf, startEnvoy } from "../support/envoy/envoy-process.ts";
import { startUpstream, type Upstream, whole } from "../support/envoy/upstream.ts";
import { createSilentTelemetry } from "../support/silent-telemetry.ts";
import { ROOT } from "../support/source-tree.ts";
import { until } from "../support/until.ts";

const EXAMPLES = join(ROOT, "examples", "opa-envoy-plugin");
const NAMES = readdirSync(EXAMPLES, { withFileTypes: true })
	.filter((entry) => entry.isDirectory())
	.map(({ name }) => name);
const ENTRYPOINT = "envoy/authz/allow";

interface HttpCase {
	readonly name: string;
	readonly method: string;
	readonly path: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string;
	readonly status: number;
	/** Headers and body of the answer. */
	readonly answered?: Readonly<Record<string, string>>;
	readonly answer?: string;
	/** What reaches the upstream; null for a header that must not. */
	readonly upstream?: { readonly path: string; readonly headers: Readonly<Record<string, string | null>> };
}

interface GrpcCase {
	readonly name: string;
	readonly method: string;
	readonly message: object;
	readonly code: number;
	readonly answer?: object;
}

const requestsOf = <T>(name: string): readonly T[] =>
	JSON.parse(readFileSync(join(EXAMPLES, name, "requests.json"), "utf8")) as T[];

/** Both ways to a bundle: ours, and what somebody who moves over has in the pipeline already. */
const BUILDERS: Readonly<Record<string, (folder: string) => Promise<void>>> = {
	"postern build": async (folder) => {
		await buildBundle({ dirs: [join(folder, "policy")], out: join(folder, "bundle.tar.gz") });
	},
	"opa build": async (folder) => {
		const opa = await findOpa();
		const args = ["build", "-t", "wasm", "-e", ENTRYPOINT, "--ignore", "*_test.rego", "-o", "bundle.tar.gz"];
		expect(await opa.run([...args, "policy"], folder)).toMatchObject({ code: 0 });
	},
};

const OK_BODY = '{"ok":true}';
const socketFolder = mkdtempSync(join(tmpdir(), "postern-examples-"));
const address = `unix://${socketFolder}/postern.sock`;
let envoy: EnvoyProcess;
let upstream: Upstream;
let orders: Server;
const refunds: object[] = [];

beforeAll(async () => {
	upstream = await startUpstream();
	orders = new Server();
	const proto = join(EXAMPLES, "grpc-body", "orders.proto");
	const service = loadSync(proto, { longs: String, keepCase: true })["shop.Orders"] as ServiceDefinition;
	const get: handleUnaryCall<{ id: string }, object> = ({ request }, done) =>
		done(null, { id: request.id, status: "paid" });
	const refund: handleUnaryCall<{ amount_cents: string }, object> = ({ request }, done) => {
		refunds.push(request);
		done(null, { amount_cents: request.amount_cents });
	};
	orders.addService(service, { Get: get, Refund: refund } as never);
	const port = await new Promise<number>((resolve, reject) => {
		orders.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
			error === null ? resolve(bound) : reject(error),
		);
	});
	envoy = await startEnvoy({
		postern: address,
		upstream: upstream.address,
		certificates: await createCertificates(),
		change: (config) => {
			askOnce(config);
			asPluginUsersHaveIt(config, `127.0.0.1:${port}`);
		},
	});
}, 60_000);

afterAll(async () => {
	await envoy.stop();
	await upstream.close();
	orders.forceShutdown();
	rmSync(socketFolder, { recursive: true, force: true });
}, 30_000);

/** ext_authz alone, which sends the body, and a second upstream that speaks gRPC. */
function asPluginUsersHaveIt(config: EnvoyConfig, grpc: string): void {
	const { clusters, listeners } = config.static_resources;
	for (const { filter_chains } of listeners) {
		const manager = filter_chains[0].filters[0].typed_config;
		manager.http_filters = manager.http_filters.filter(
			(filter: EnvoyConfig) => filter !== filterOf(manager, "ext_proc"),
		);
		filterOf(manager, "ext_authz").typed_config.with_request_body = {
			max_request_bytes: 8192,
			allow_partial_message: true,
			pack_as_bytes: true,
		};
		manager.route_config.virtual_hosts[0].routes.unshift({
			match: { prefix: "/shop.Orders/" },
			route: { cluster: "orders" },
		});
	}
	clusters.push({
		name: "orders",
		type: "STATIC",
		load_assignment: {
			cluster_name: "orders",
			endpoints: [{ lb_endpoints: [{ endpoint: { address: JSON.parse(envoyAddress(grpc)) } }] }],
		},
		typed_extension_protocol_options: {
			"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
				"@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
				explicit_http_config: { http2_protocol_options: {} },
			},
		},
	});
}

/** The example in a folder of its own, built and served with its own configuration. */
async function serve(
	name: string,
	build: (folder: string) => Promise<void>,
): Promise<{ readonly app: App; readonly records: string }> {
	const folder = mkdtempSync(join(socketFolder, "example-"));
	cpSync(join(EXAMPLES, name), folder, { recursive: true });
	await build(folder);
	const env = { POSTERN_SERVE_GRPC: address, POSTERN_SERVE_ADMIN: "off", POSTERN_AUDIT_SINK: "audit.jsonl" };
	const app = buildApp(loadConfig({ file: "postern.yaml", folder, env }), {
		log: createSilentTelemetry().log,
		metrics: createMetrics({ processMetrics: false }),
	});
	await app.start();
	return { app, records: join(folder, "audit.jsonl") };
}

describe.each(Object.entries(BUILDERS))("built by %s", (_builder, build) => {
	describe.each(NAMES.filter((name) => name !== "grpc-body"))("the example %s", (name) => {
		let app: App;
		beforeAll(async () => {
			({ app } = await serve(name, build));
			await warmUp();
		}, 60_000);
		afterAll(() => app.stop("test"), 30_000);

		test.each(requestsOf<HttpCase>(name).map((one) => [one.name, one] as const))("%s", async (_, one) => {
			upstream.clear();
			upstream.reply((one.upstream?.path ?? one.path).replace(/^\/+/, "/"), whole({ body: OK_BODY }));
			const request = { method: one.method, path: one.path, body: one.body ?? "" };
			const answer = await callHttp1(envoy.port, { ...request, headers: Object.entries(one.headers ?? {}) });
			if (one.upstream !== undefined) expect(upstream.seen[0]?.path).toBe(one.upstream.path);
			expect(answer.status).toBe(one.status);
			expectAnswer(answer, one);
			expect(upstream.seen.length).toBe(one.status === 200 ? 1 : 0);
			if (one.upstream === undefined) return;
			const [seen] = upstream.seen;
			for (const [key, value] of Object.entries(one.upstream.headers)) {
				const values = (seen?.headers ?? []).filter(([each]) => each === key).map(([, each]) => each);
				expect([key, values.join(",")]).toEqual([key, value ?? ""]);
			}
		});
	});

	describe("the example grpc-body", () => {
		const client = protobuf.parse(
			readFileSync(join(EXAMPLES, "grpc-body", "orders.proto"), "utf8"),
			new protobuf.Root(),
			{
				keepCase: true,
			},
		).root;
		let app: App;
		let records: string;
		let channel: Client;
		beforeAll(async () => {
			({ app, records } = await serve("grpc-body", build));
			channel = new Client(`127.0.0.1:${envoy.port}`, credentials.createInsecure());
			await warmUp();
		}, 60_000);
		afterAll(async () => {
			channel.close();
			await app.stop("test");
		}, 30_000);

		const encode = (type: string, message: object): Buffer => {
			const found = client.lookupType(`shop.${type}`);
			return Buffer.from(found.encode(found.fromObject(message)).finish());
		};
		const call = (method: string, bytes: Buffer) =>
			new Promise<{ code: number; answer?: object }>((resolve) => {
				const type = client.lookupType(method === "Get" ? "shop.Order" : "shop.Receipt");
				channel.makeUnaryRequest(
					`/shop.Orders/${method}`,
					(each: Buffer) => each,
					(each: Buffer) => type.toObject(type.decode(each), { longs: String }),
					bytes,
					(error: ServiceError | null, answer?: object) =>
						resolve({ code: error?.code ?? 0, ...(answer === undefined ? {} : { answer }) }),
				);
			});

		test.each(requestsOf<GrpcCase>("grpc-body").map((one) => [one.name, one] as const))(
			"%s",
			async (_, one) => {
				refunds.length = 0;
				const type = one.method === "Get" ? "OrderId" : "RefundRequest";
				const found = await call(one.method, encode(type, one.message));
				expect(found).toEqual({
					code: one.code,
					...(one.answer === undefined ? {} : { answer: one.answer }),
				});
				expect(refunds.length).toBe(one.code === 0 && one.method === "Refund" ? 1 : 0);
			},
		);

		test("a second message behind an honest one reaches nobody", async () => {
			refunds.length = 0;
			const frame = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, 0, bytes.length]), bytes]);
			const honest = encode("RefundRequest", { order: { id: 7 }, amount_cents: 1, reason: "DAMAGED" });
			const other = encode("RefundRequest", { order: { id: 7 }, amount_cents: 999_999, reason: "DAMAGED" });
			await callHttp2(envoy.port, {
				method: "POST",
				path: "/shop.Orders/Refund",
				headers: [
					["content-type", "application/grpc"],
					["te", "trailers"],
				],
				body: Buffer.concat([frame(honest), frame(other)]),
			});
			expect(refunds).toEqual([]);
			await until(() => readFileSync(records, "utf8").includes('"reason":"body_malformed"'));
		});
	});
});

/** The first call opens the connections, which on a busy machine may outlast Envoy's time for it. */
async function warmUp(): Promise<void> {
	for (let attempt = 0; attempt < 40; attempt++) {
		if ((await callHttp1(envoy.port, { path: "/warm-up" })).status !== 503) return;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

function expectAnswer(answer: ClientAnswer, one: HttpCase): void {
	for (const [name, value] of Object.entries(one.answered ?? {})) expect(header(answer, name)).toBe(value);
	if (one.answer !== undefined) expect(answer.body).toBe(one.answer);
	else if (one.status === 200) expect(answer.body).toBe(OK_BODY);
	else expect(answer.body).toBe("");
}

test("each example has a policy with tests, a configuration, requests and words", () => {
	for (const name of NAMES) {
		const files = readdirSync(join(EXAMPLES, name));
		expect(files).toEqual(expect.arrayContaining(["README.md", "policy", "postern.yaml", "requests.json"]));
		expect(readdirSync(join(EXAMPLES, name, "policy"))).toEqual(
			expect.arrayContaining(["authz.rego", "authz_test.rego"]),
		);
	}
});
