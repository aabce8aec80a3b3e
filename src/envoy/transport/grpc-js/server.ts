import type { Server as NetServer } from "node:net";
import {
	logVerbosity,
	Server,
	ServerCredentials,
	type ServerDuplexStream,
	type ServerUnaryCall,
	type sendUnaryData,
	setLogVerbosity,
} from "@grpc/grpc-js";
import { systemClock } from "../../../lib/clock.ts";
import { PosternError } from "../../../lib/errors.ts";
import type { ProcessService } from "../../ext-proc/process-stream.ts";
import { FLUSH_MS, idleOrExpired } from "../drain-end.ts";
import { STATUS } from "../failure-status.ts";
import type { InFlight } from "../in-flight.ts";
import { listenAt } from "../listen.ts";
import { pause } from "../pause.ts";
import { createQueueClock } from "../queue-clock.ts";
import { isRemote } from "../remote-address.ts";
import { createTlsServer } from "../tls/front.ts";
import type { Transport, TransportDeps, TransportOptions } from "../types.ts";
import { bindWithMode, clearStaleSocket, socketPath } from "../unix-socket.ts";
import { createHealth } from "./health.ts";
import { runProcessCall } from "./process-call.ts";
import { authorizationService, externalProcessorService } from "./services.ts";
import { traceOf } from "./trace-metadata.ts";

/**
 * Serves every service by grpc-js. Its own TLS is not used: it takes the connections that our own has admitted.
 *
 * @throws PosternError `address_in_use`, `address_unusable`
 */
export async function startGrpcJs(
	options: TransportOptions,
	deps: TransportDeps,
	calls: InFlight,
): Promise<Transport> {
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

	const clock = deps.clock ?? systemClock;
	const queue = createQueueClock(clock.monotonic);

	function check(call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>): void {
		const timeoutMs = Number(call.getDeadline()) - clock.now();
		if (calls.refusesLate(timeoutMs, queue.waited()) || calls.refuses("check")) {
			done(null, asBuffer(deps.deny("overload")));
			return;
		}
		calls.checks++;
		const finish = (answer: Uint8Array): void => {
			calls.checks--;
			done(null, asBuffer(answer));
		};
		const broken = (error: unknown): void => {
			deps.log.error({ err: error }, "a check failed unexpectedly");
			finish(deps.deny("internal"));
		};
		try {
			const answer = deps.check(call.request, Number(call.getDeadline()), traceOf(call.metadata));
			if (answer instanceof Promise) answer.then(finish, broken);
			else finish(answer);
		} catch (error) {
			broken(error);
		}
	}

	function process(service: ProcessService, call: ServerDuplexStream<Buffer, Buffer>): void {
		if (calls.refuses("process")) {
			call.emit("error", { code: STATUS.RESOURCE_EXHAUSTED, details: "overload" });
			return;
		}
		const running = runProcessCall(call, service.open(traceOf(call.metadata)), () => calls.ended(running));
		calls.opened(running);
	}

	server.addService(authorizationService, { Check: check });
	const service = deps.process;
	if (service !== undefined)
		server.addService(externalProcessorService, {
			Process: (call: ServerDuplexStream<Buffer, Buffer>) => process(service, call),
		});
	const health = createHealth(server);

	const { tls } = options;
	const fronts: NetServer[] = [];
	let draining = false;
	let admitted = server.createConnectionInjector(ServerCredentials.createInsecure());
	const forgetChanges = tls?.materials.onChange((_material, authorities) => {
		if (!authorities) return;
		// Whom other authorities vouched for has to come again; what is under way is finished.
		const before = admitted;
		const grace = options.maxConnectionAgeGraceMs;
		before.drain(grace);
		setTimeout(() => before.destroy(), grace + FLUSH_MS).unref();
		admitted = server.createConnectionInjector(ServerCredentials.createInsecure());
	});
	function makeFront(): NetServer {
		if (tls === undefined) throw new PosternError("internal", "no TLS");
		const front = createTlsServer(
			tls,
			{ ...deps, monotonic: clock.monotonic, allowHalfOpen: false },
			(socket) => {
				admitted.injectConnection(socket);
				// Its handshake began before the drain.
				if (draining) admitted.drain(FLUSH_MS);
			},
		);
		fronts.push(front);
		return front;
	}
	function closeFronts(): void {
		forgetChanges?.();
		for (const front of fronts) front.close();
	}

	const addresses: string[] = [];
	try {
		for (const address of options.addresses)
			addresses.push(
				tls !== undefined && isRemote(address)
					? await listenAt(address, options.socketMode, makeFront)
					: await listen(server, address, options.socketMode),
			);
	} catch (error) {
		closeFronts();
		server.forceShutdown();
		throw error;
	}

	return {
		addresses,
		health,
		inFlight: calls.total,
		async drain(deadlineMs) {
			draining = true;
			health.setServing(false);
			closeFronts();
			const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
			const expired = await Promise.race([closed.then(() => false), idleOrExpired(calls, deadlineMs)]);
			const left = [...calls.streams];
			if (expired && left.length > 0)
				deps.log.warn({ streams: left.length }, "drain deadline reached: open streams end with an error");
			for (const stream of left) stream.fail("unavailable");
			// Lets the last answers and error statuses leave; whatever does not is a reset, which is an error too.
			await Promise.race([closed, pause(FLUSH_MS)]);
			server.forceShutdown();
		},
	};
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
