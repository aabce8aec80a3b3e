import { startTransport } from "../../../src/envoy/transport/server.ts";
import type {
	LaneLimits,
	Transport,
	TransportDeps,
	TransportOptions,
} from "../../../src/envoy/transport/types.ts";
import { memoryLog, memoryMetrics } from "../quiet.ts";
import { connectRaw, type RawOptions, type RawPeer } from "./raw-peer.ts";

export const LANE_LIMITS: LaneLimits = {
	maxConnections: 100,
	maxHeaderBytes: 16_384,
	maxBufferedBytes: 64 << 20,
	maxResetsPerSecond: 100,
	maxControlFramesPerSecond: 1000,
	stallMs: 20_000,
};

export const LANE_OPTIONS: TransportOptions = {
	transport: "lane",
	addresses: ["127.0.0.1:0"],
	socketMode: 0o660,
	maxMessageBytes: 1 << 20,
	maxConcurrentStreams: 100,
	maxConnectionAgeMs: 300_000,
	maxConnectionAgeGraceMs: 30_000,
	maxConnectionIdleMs: 300_000,
	keepaliveMs: 60_000,
	keepaliveTimeoutMs: 20_000,
	maxInFlight: 1000,
};

export interface LaneFixture {
	readonly transport: Transport;
	readonly address: string;
	readonly log: ReturnType<typeof memoryLog>;
	/** How often a limit was hit. */
	limitHits(limit: string): number;
	connect(options?: RawOptions): Promise<RawPeer>;
	stop(): Promise<void>;
}

/** A lane that answers every Check with its own bytes, unless `deps` says otherwise. */
export async function startLaneFixture(
	deps: Partial<TransportDeps> = {},
	options: Partial<TransportOptions> = {},
	limits: Partial<LaneLimits> = {},
): Promise<LaneFixture> {
	const log = memoryLog();
	const { metrics, counted } = memoryMetrics();
	const transport = await startTransport(
		{ ...LANE_OPTIONS, ...options, lane: { ...LANE_LIMITS, ...limits } },
		{
			check: (request) => Buffer.from(request),
			deny: (reason) => Buffer.from(`denied: ${reason}`),
			log,
			metrics,
			...deps,
		},
	);
	const peers: RawPeer[] = [];
	const address = transport.addresses[0] ?? "";
	return {
		transport,
		address,
		log,
		limitHits: (limit) =>
			counted.filter(({ name, labels }) => name === "limitsHit" && labels["limit"] === limit).length,
		async connect(raw) {
			const peer = await connectRaw(address, raw);
			peers.push(peer);
			return peer;
		},
		async stop() {
			for (const peer of peers) peer.close();
			await transport.drain(0);
		},
	};
}
