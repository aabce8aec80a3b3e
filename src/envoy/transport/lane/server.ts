import { Buffer } from "node:buffer";
import { createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { systemClock } from "../../../lib/clock.ts";
import { FLUSH_MS, idleOrExpired } from "../drain-end.ts";
import type { InFlight } from "../in-flight.ts";
import { listenAt } from "../listen.ts";
import { pause } from "../pause.ts";
import { createQueueClock } from "../queue-clock.ts";
import { isRemote } from "../remote-address.ts";
import { createTlsServer } from "../tls/front.ts";
import type { Transport, TransportDeps, TransportOptions } from "../types.ts";
import { announceFarewell } from "./closing.ts";
import { cutConnection, openConnection } from "./connection.ts";
import { endWatches, setServing } from "./health-calls.ts";
import { DEFAULT_LANE_LIMITS } from "./limits.ts";
import type { Connection, Lane } from "./state.ts";
import { endCalls, sweep, sweepInterval } from "./sweep.ts";
import { inTurn } from "./turn.ts";

/** What is read at once at most, as Node has it. */
const READ_BYTES = 65_536;

/** What the connections of one process share. */
export function createLane(options: TransportOptions, deps: TransportDeps, calls: InFlight): Lane {
	const clock = deps.clock ?? systemClock;
	return {
		options,
		limits: options.lane ?? DEFAULT_LANE_LIMITS,
		deps,
		calls,
		clock,
		queue: createQueueClock(clock.monotonic),
		connections: new Set(),
		held: 0,
		serving: false,
		watchers: new Set(),
		spareBuffers: [],
		readBuffer: Buffer.allocUnsafeSlow(READ_BYTES),
	};
}

/**
 * Serves every service by an HTTP/2 server side of our own.
 *
 * @throws PosternError `address_in_use`, `address_unusable`
 */
export async function startLane(
	options: TransportOptions,
	deps: TransportDeps,
	calls: InFlight,
): Promise<Transport> {
	const lane = createLane(options, deps, calls);
	const servers: Server[] = [];
	let draining = false;
	const timer = setInterval(() => sweep(lane), sweepInterval(lane));
	timer.unref();

	function take(socket: Socket): void {
		if (lane.connections.size >= lane.limits.maxConnections) {
			deps.metrics.limitsHit.inc({ limit: "lane.max_connections" });
			socket.destroy();
			return;
		}
		const c = openConnection(lane, socket);
		// Its handshake began before the drain.
		if (draining) inTurn(c, () => announceFarewell(c));
	}
	function makeServer(address: string): Server {
		const { tls } = options;
		const server =
			tls !== undefined && isRemote(address)
				? createTlsServer(tls, { ...deps, monotonic: lane.clock.monotonic, allowHalfOpen: true }, take)
				: createServer({ allowHalfOpen: true, pauseOnConnect: true }, take);
		servers.push(server);
		return server;
	}
	function forEach(work: (c: Connection) => void): void {
		for (const c of [...lane.connections]) inTurn(c, () => work(c));
	}
	// Whom other authorities vouched for has to come again; what is under way is finished.
	const forgetChanges = options.tls?.materials.onChange((_material, authorities) => {
		if (authorities) forEach((c) => c.socket instanceof TLSSocket && announceFarewell(c));
	});
	function stopListening(): Promise<void> {
		const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
		return Promise.all(closed).then(() => undefined);
	}
	function cutAll(): void {
		clearInterval(timer);
		forgetChanges?.();
		for (const c of [...lane.connections]) cutConnection(c);
	}

	const addresses: string[] = [];
	try {
		for (const address of options.addresses)
			addresses.push(await listenAt(address, options.socketMode, () => makeServer(address)));
	} catch (error) {
		void stopListening();
		cutAll();
		throw error;
	}

	return {
		addresses,
		health: { setServing: (serving) => setServing(lane, serving) },
		inFlight: calls.total,
		async drain(deadlineMs) {
			draining = true;
			setServing(lane, false);
			// Resolves when every connection is closed, too.
			const closed = stopListening();
			forEach((c) => {
				endWatches(c);
				announceFarewell(c);
			});
			const expired = await Promise.race([closed.then(() => false), idleOrExpired(calls, deadlineMs)]);
			const left = [...calls.streams].length;
			if (expired && left > 0)
				deps.log.warn({ streams: left }, "drain deadline reached: open streams end with an error");
			forEach(endCalls);
			// Lets the last answers and error statuses leave; whatever does not is a reset, which is an error too.
			await Promise.race([closed, pause(FLUSH_MS)]);
			cutAll();
			await closed;
		},
	};
}
