import {
	logVerbosity,
	Server,
	ServerCredentials,
	type ServerDuplexStream,
	type ServerUnaryCall,
	type sendUnaryData,
	setLogVerbosity,
	status,
} from "@grpc/grpc-js";
import { PosternError } from "../../lib/errors.ts";
import type { Logger, Metrics } from "../../telemetry/types.ts";
import type { ProcessService } from "../ext-proc/process-stream.ts";
import { createHealth, type Health } from "../health.ts";
import { type ProcessCall, runProcessCall } from "./process-call.ts";
import { authorizationService, externalProcessorService } from "./services.ts";
import { bindWithMode, clearStaleSocket, socketPath } from "./unix-socket.ts";

export interface TransportOptions {
	/** `HOST:PORT` (0: any free port) or `unix:///PATH`. */
	readonly addresses: readonly string[];
	/** Mode of unix sockets, `0o660`. */
	readonly socketMode: number;
	readonly maxMessageBytes: number;
	readonly maxConcurrentStreams: number;
	readonly maxConnectionAgeMs: number;
	/** How long calls of a connection past its age may go on. */
	readonly maxConnectionAgeGraceMs: number;
	readonly maxConnectionIdleMs: number;
	readonly keepaliveMs: number;
	readonly keepaliveTimeoutMs: number;
	/** Checks and streams at one time, over all connections. */
	readonly maxInFlight: number;
}

export interface TransportDeps {
	/** Answers one CheckRequest; `deadlineMs`: wall clock, Infinity when the caller gave none. */
	readonly check: (request: Uint8Array, deadlineMs: number) => Uint8Array | Promise<Uint8Array>;
	/** An explicit denial: never is a Check refused by a gRPC error, which `failure_mode_allow` would turn round. */
	readonly deny: (reason: "overload" | "internal") => Uint8Array;
	/** Absent: `fields.enabled: false`, and `Process` is unimplemented. */
	readonly process?: ProcessService;
	readonly log: Logger;
	readonly metrics: Pick<Metrics, "streams" | "limitsHit">;
}

export interface Transport {
	/** As bound, with real port numbers, in the order of the options. */
	readonly addresses: readonly string[];
	readonly health: Health;
	/** Checks and streams under way. */
	inFlight(): number;
	/**
	 * Reports NOT_SERVING, sends GOAWAY, lets calls finish. Streams that are still open after `deadlineMs` end
	 * with UNAVAILABLE: with OK Envoy would pass the bodies they owe.
	 */
	drain(deadlineMs: number): Promise<void>;
}

/**
 * Serves both gRPC services.
 *
 * @throws PosternError `address_in_use`, `address_unusable`
 */
export async function startTransport(options: TransportOptions, deps: TransportDeps): Promise<Transport> {
	// What goes wrong is told by errors and by our own log; the library's own lines would mix into stderr.
	setLogVerbosity(logVerbosity.NONE);
	const server = new Server({
		"grpc.enable_channelz": 0,
		"grpc.max_receive_message_length": options.maxMessageBytes,
		"grpc.max_send_message_length": -1,
		"grpc.max_concurrent_streams": options.maxConcurrentStreams,
		"grpc.max_connection_age_ms": options.maxConnectionAgeMs,
		"grpc.max_connection_age_grace_ms": options.maxConnectionAgeGraceMs,
		"grpc.max_connection_idle_ms": options.maxConnectionIdleMs,
		"grpc.keepalive_time_ms": options.keepaliveMs,
		"grpc.keepalive_timeout_ms": options.keepaliveTimeoutMs,
	});
	const streams = new Set<ProcessCall>();
	let checks = 0;

	function isFull(kind: "check" | "process"): boolean {
		if (checks + streams.size < options.maxInFlight) return false;
		deps.metrics.limitsHit.inc({ limit: "max_in_flight" });
		deps.log.warn({ kind, limit: options.maxInFlight }, "refused: too many calls in flight");
		return true;
	}

	function check(call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>): void {
		if (isFull("check")) {
			done(null, asBuffer(deps.deny("overload")));
			return;
		}
		checks++;
		const finish = (answer: Uint8Array): void => {
			checks--;
			done(null, asBuffer(answer));
		};
		const broken = (error: unknown): void => {
			deps.log.error({ err: error }, "a check failed unexpectedly");
			finish(deps.deny("internal"));
		};
		try {
			const answer = deps.check(call.request, Number(call.getDeadline()));
			if (answer instanceof Promise) answer.then(finish, broken);
			else finish(answer);
		} catch (error) {
			broken(error);
		}
	}

	function process(service: ProcessService, call: ServerDuplexStream<Buffer, Buffer>): void {
		if (isFull("process")) {
			call.emit("error", { code: status.RESOURCE_EXHAUSTED, details: "overload" });
			return;
		}
		const running = runProcessCall(call, service.open(), () => {
			streams.delete(running);
			deps.metrics.streams.set(streams.size);
		});
		streams.add(running);
		deps.metrics.streams.set(streams.size);
	}

	server.addService(authorizationService, { Check: check });
	const service = deps.process;
	if (service !== undefined)
		server.addService(externalProcessorService, {
			Process: (call: ServerDuplexStream<Buffer, Buffer>) => process(service, call),
		});
	const health = createHealth(server);

	const addresses: string[] = [];
	try {
		for (const address of options.addresses)
			addresses.push(await listen(server, address, options.socketMode));
	} catch (error) {
		server.forceShutdown();
		throw error;
	}

	return {
		addresses,
		health,
		inFlight: () => checks + streams.size,
		async drain(deadlineMs) {
			health.setServing(false);
			const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
			const expired = await Promise.race([closed.then(() => false), idleOrExpired(deadlineMs)]);
			if (expired && streams.size > 0)
				deps.log.warn({ streams: streams.size }, "drain deadline reached: open streams end with an error");
			for (const stream of streams) stream.fail("unavailable");
			// Lets the last answers and error statuses leave; whatever does not is a reset, which is an error too.
			await Promise.race([closed, pause(FLUSH_MS)]);
			server.forceShutdown();
		},
	};

	/** Resolves once no call of ours is left (connections may stay open for health watchers) or time is up. */
	async function idleOrExpired(deadlineMs: number): Promise<boolean> {
		for (let waited = 0; waited < deadlineMs; waited += POLL_MS) {
			await pause(Math.min(POLL_MS, deadlineMs - waited));
			if (checks + streams.size === 0) return false;
		}
		return true;
	}
}

const POLL_MS = 20;
const FLUSH_MS = 100;

function pause(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

function asBuffer(bytes: Uint8Array): Buffer {
	return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Binds one address and answers it as bound. */
async function listen(server: Server, address: string, socketMode: number): Promise<string> {
	const path = socketPath(address);
	if (path === undefined) {
		const port = await bind(server, address);
		return `${address.slice(0, address.lastIndexOf(":"))}:${port}`;
	}
	await clearStaleSocket(path);
	await bindWithMode(path, socketMode, async () => {
		await bind(server, `unix:${path}`);
	});
	return address;
}

function bind(server: Server, address: string): Promise<number> {
	return new Promise((resolve, reject) => {
		server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
			if (error === null) resolve(port);
			else if (error.message.includes("EADDRINUSE"))
				reject(new PosternError("address_in_use", `another process listens on ${address}`, { cause: error }));
			else
				reject(
					new PosternError("address_unusable", `cannot listen on ${address}: ${error.message}`, {
						cause: error,
					}),
				);
		});
	});
}
