import { createHmac } from "node:crypto";
import {
	Server,
	ServerCredentials,
	type ServerDuplexStream,
	type ServerUnaryCall,
	type sendUnaryData,
} from "@grpc/grpc-js";
import type { AuditRecord, DecisionRecord, ReleaseRecord } from "../../../src/audit/types.ts";
import { createCheckService } from "../../../src/envoy/ext-authz/check-service.ts";
import type { ProcessDeps } from "../../../src/envoy/ext-proc/deps.ts";
import { createProcess } from "../../../src/envoy/ext-proc/session.ts";
import { createDescriptorShelf } from "../../../src/envoy/protobuf/descriptor-shelf.ts";
import { runProcessCall } from "../../../src/envoy/transport/grpc-js/process-call.ts";
import {
	authorizationService,
	externalProcessorService,
} from "../../../src/envoy/transport/grpc-js/services.ts";
import { startTransport } from "../../../src/envoy/transport/server.ts";
import type { Transport } from "../../../src/envoy/transport/types.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import type { JsonValue } from "../../../src/lib/json-value.ts";
import type { InputReads } from "../../../src/policy/types.ts";
import { checkDeps, fakePolicy, STRICT } from "../check-deps.ts";
import { processDeps } from "../process-deps.ts";
import { memoryLog, memoryMetrics } from "../quiet.ts";
import { type TestedTransport, testedTransport } from "../transports.ts";
import { type Certificates, createCertificates } from "./certificates.ts";
import { type ClientAnswer, type ClientRequest, callHttp1, callHttp2 } from "./client.ts";
import { type EnvoyOptions, type EnvoyProcess, startEnvoy } from "./envoy-process.ts";
import { freePorts } from "./free-ports.ts";
import { patientChecks } from "./patient.ts";
import { startUpstream, type Upstream, whole } from "./upstream.ts";

export type ProcessCall = ServerDuplexStream<Buffer, Buffer>;

/** What the policy says for a path: a decision, or a function of the input document. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into the input document
export type Decide = JsonValue | ((input: any) => JsonValue | undefined);

/** Client, Envoy, Postern and upstream, all real but the policy, which says what a test tells it to. */
export interface Mesh {
	readonly envoy: EnvoyProcess;
	readonly upstream: Upstream;
	readonly certificates: Certificates;
	readonly records: AuditRecord[];
	/** Sets the decision for a path. */
	decide(path: string, decision: Decide): void;
	/** Puts something else in the place of Postern's Check; undefined puts Postern back. */
	checkBy(check: ((request: Buffer) => Buffer | Promise<Buffer>) | undefined): void;
	processBy(process: ((call: ProcessCall) => void) | undefined): void;
	/** Takes up a script that was set or taken away; for calls that go past `get` and `get2`, which do so by themselves. */
	settle(): Promise<void>;
	/** Stops the gRPC server at once; connections are cut. */
	stopPostern(): Promise<void>;
	startPostern(): Promise<void>;
	/** Stops what is there and serves Postern by its own transport, for what concerns the transport. */
	startTransport(): Promise<Transport>;
	/** A call by HTTP/1.1 whose answer is counted. */
	get(path: string, request?: Omit<ClientRequest, "path"> & { readonly via?: string }): Promise<ClientAnswer>;
	/** The same by HTTP/2. */
	get2(
		path: string,
		request?: Omit<ClientRequest, "path"> & { readonly via?: string },
	): Promise<ClientAnswer>;
	decisions(): readonly DecisionRecord[];
	releases(): readonly ReleaseRecord[];
	/** Forgets requests and records, and puts Postern back. */
	reset(): void;
	/** Stops everything; answers how many answers were counted, and how many unmasked marks were in them. */
	close(): Promise<{ readonly answers: number; readonly leaked: number }>;
}

export interface MeshOptions extends Pick<EnvoyOptions, "template" | "change" | "variants"> {
	/** What carries Postern's answers; those that a test scripts come by grpc-js, which sends anything. */
	readonly transport?: TestedTransport;
	readonly process?: Partial<ProcessDeps>;
	/** What of its input the policy reads; all of it when absent, and then a body that is not shown to it is denied. */
	readonly reads?: InputReads;
	/** A server of the test's own behind Envoy. */
	readonly upstreamAddress?: string;
	/** The FileDescriptorSet that the configuration would name. */
	readonly descriptors?: Uint8Array;
	/** The upstream cluster speaks clear-text HTTP/2. */
	readonly upstreamHttp2?: boolean;
	/** Checks are given up when the shipped configuration says so; later when absent. */
	readonly shippedTimes?: boolean;
}

export async function startMesh(options: MeshOptions = {}): Promise<Mesh> {
	const certificates = await createCertificates();
	const upstream = await startUpstream();
	const decisions = new Map<string, Decide>();
	const records: AuditRecord[] = [];
	const audit = {
		write: (record: AuditRecord) => {
			records.push(record);
			return true;
		},
		flush: async () => {},
		close: async () => {},
	};
	const policy = fakePolicy((bytes) => {
		const input = JSON.parse(bytes.toString());
		const path = String(input.attributes.request.http.path ?? "").split("?")[0] ?? "";
		const decision = decisions.get(path);
		const value = typeof decision === "function" ? decision(input) : decision;
		return value === undefined ? { kind: "undefined" } : { kind: "value", value };
	}, options.reads);
	const descriptors = createDescriptorShelf(options.descriptors);
	const checks = createCheckService(
		checkDeps(policy, {
			audit,
			hashKeyId: HASH.id,
			descriptors,
			// The policy of these tests is asked about everything, bodies that Envoy did not send included.
			config: { ...STRICT, request: { ...STRICT.request, unread_bodies: "allow" } },
		}),
	);
	const service = createProcess({
		...processDeps({ audit, clock: systemClock, descriptors, ...options.process }, HASH).deps,
	});

	let checkBy: ((request: Buffer) => Buffer | Promise<Buffer>) | undefined;
	let processBy: ((call: ProcessCall) => void) | undefined;
	const [port = 0] = await freePorts(1);
	const address = `127.0.0.1:${port}`;
	let running: "own" | "scripted" | undefined;
	let server: Server | undefined;
	let transport: Transport | undefined;
	let stopping: Promise<unknown> = Promise.resolve();

	const wanted = (): "own" | "scripted" =>
		checkBy === undefined && processBy === undefined ? "own" : "scripted";

	async function startPostern(): Promise<void> {
		// A test may stop it in one place and start it in another, before the first has seen the end of it.
		await stopping;
		running = wanted();
		if (running === "own") transport = await startOwn();
		else await startScripted();
	}
	function startOwn(): Promise<Transport> {
		return startTransport(
			{ ...TRANSPORT, transport: options.transport ?? testedTransport(), addresses: [address] },
			{
				check: (request, deadlineMs) => checks.check(request, { deadlineMs }),
				deny: checks.deny,
				process: service,
				log: memoryLog(),
				metrics: memoryMetrics().metrics,
			},
		);
	}
	async function startScripted(): Promise<void> {
		// With channelz off grpc-js keeps no list of connections, and forceShutdown cuts none.
		server = new Server({ "grpc.enable_channelz": 1, "grpc.max_receive_message_length": 8 << 20 });
		server.addService(authorizationService, {
			Check: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
				const check = checkBy ?? ((request: Buffer) => checks.check(request, {}));
				Promise.resolve()
					.then(() => check(call.request))
					.then(
						(answer) => done(null, answer),
						(error: { code?: number }) => done({ code: error.code ?? 2, details: "scripted" }),
					);
			},
		});
		server.addService(externalProcessorService, {
			Process: (call: ProcessCall) => {
				if (processBy === undefined) runProcessCall(call, service.open(), () => {});
				else processBy(call);
			},
		});
		await new Promise<void>((resolve, reject) => {
			server?.bindAsync(address, ServerCredentials.createInsecure(), (error) =>
				error ? reject(error) : resolve(),
			);
		});
	}
	async function stopPostern(): Promise<void> {
		running = undefined;
		server?.forceShutdown();
		server = undefined;
		const drained = transport?.drain(0);
		transport = undefined;
		stopping = Promise.all([stopping, drained]);
		await stopping;
	}
	/** A script that was set or taken away since needs the other server. */
	async function settle(): Promise<void> {
		if (running === undefined || running === wanted()) return;
		await stopPostern();
		await startPostern();
	}

	await startPostern();
	const http2 = options.upstreamHttp2 === true;
	const envoy = await startEnvoy({
		postern: address,
		upstream: options.upstreamAddress ?? (http2 ? upstream.http2Address : upstream.address),
		certificates,
		...(options.template === undefined ? {} : { template: options.template }),
		...(options.variants === undefined ? {} : { variants: options.variants }),
		change: (config) => {
			if (options.shippedTimes !== true) patientChecks(config);
			if (http2) withHttp2Upstream(config);
			options.change?.(config);
		},
	});
	// The first exchange opens every connection and compiles every hot path; on a busy machine that may outlast the
	// time limits of the shipped configuration.
	decisions.set("/warm-up", { allowed: true, response: {} });
	upstream.reply("/warm-up", whole({ body: "{}" }));
	upstream.stream("/warm-up", (stream) => {
		stream.respond({ ":status": 200, "content-type": "application/json" });
		stream.end("{}");
	});
	for (let attempt = 0; attempt < 20; attempt++)
		if ((await callHttp1(envoy.port, { path: "/warm-up" })).status === 200) break;
	for (let wait = 0; wait < 40 && (await envoy.accessLog()).length === 0; wait++)
		await new Promise((resolve) => setTimeout(resolve, 25));
	records.length = 0;
	upstream.clear();

	let answers = 0;
	let leaked = 0;
	async function counted(
		call: typeof callHttp1,
		path: string,
		request: Omit<ClientRequest, "path"> & { via?: string } = {},
	) {
		const { via, ...rest } = request;
		const to = via === undefined ? envoy.port : envoy.variants[via];
		if (to === undefined) throw new Error(`no listener ${via}`);
		await settle();
		const answer = await call(to, { path, ...rest });
		answers++;
		leaked += answer.leaked;
		return answer;
	}
	return {
		envoy,
		upstream,
		certificates,
		records,
		decide: (path, decision) => decisions.set(path, decision),
		checkBy(check) {
			checkBy = check;
		},
		processBy(process) {
			processBy = process;
		},
		settle,
		stopPostern,
		startPostern,
		async startTransport() {
			await stopPostern();
			running = "own";
			transport = await startOwn();
			return transport;
		},
		get: (path, request) => counted(callHttp1, path, request),
		get2: (path, request) => counted(callHttp2, path, request),
		decisions: () => records.filter((record) => record.type === "decision"),
		releases: () => records.filter((record) => record.type === "release"),
		reset() {
			checkBy = undefined;
			processBy = undefined;
			records.length = 0;
			upstream.clear();
		},
		async close() {
			await envoy.stop();
			await stopPostern();
			await upstream.close();
			return { answers, leaked };
		},
	};
}

const HASH = {
	id: "k1",
	hmac: (message: Uint8Array) => createHmac("sha256", "key").update(message).digest(),
};

const TRANSPORT = {
	socketMode: 0o660,
	maxMessageBytes: 8 << 20,
	maxConcurrentStreams: 1000,
	maxConnectionAgeMs: 300_000,
	maxConnectionAgeGraceMs: 30_000,
	maxConnectionIdleMs: 300_000,
	keepaliveMs: 60_000,
	keepaliveTimeoutMs: 20_000,
	maxInFlight: 1000,
};

/** Makes the upstream cluster speak clear-text HTTP/2. */
export function withHttp2Upstream(config: {
	static_resources: { clusters: Record<string, unknown>[] };
}): void {
	const cluster = config.static_resources.clusters.find((each) => each["name"] === "upstream");
	if (cluster === undefined) throw new Error("no upstream cluster");
	cluster["typed_extension_protocol_options"] = {
		"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
			"@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
			explicit_http_config: { http2_protocol_options: {} },
		},
	};
}
