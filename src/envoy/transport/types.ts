import type { CallerPattern } from "../../lib/caller-pattern.ts";
import type { Clock } from "../../lib/clock.ts";
import type { TlsMaterials } from "../../lib/tls-material.ts";
import type { TraceHeaders } from "../../lib/trace-context.ts";
import type { Logger, Metrics } from "../../telemetry/types.ts";
import type { ProcessService } from "../ext-proc/process-stream.ts";

/** `auto`: the lane for unix sockets and loopback ports, grpc-js behind TLS. */
export type TransportKind = "auto" | "grpc-js" | "lane";

/** What one peer of the lane may cost, and all of them together. */
export interface LaneLimits {
	readonly maxConnections: number;
	/** Of one header block, as SETTINGS_MAX_HEADER_LIST_SIZE counts. */
	readonly maxHeaderBytes: number;
	/** Of messages that are incomplete or wait to leave, over all connections. */
	readonly maxBufferedBytes: number;
	readonly maxResetsPerSecond: number;
	readonly maxControlFramesPerSecond: number;
	/** How long a peer may leave something half done. */
	readonly stallMs: number;
}

/** Mutual TLS of every address that is neither a unix socket nor a loopback port. */
export interface TlsOptions {
	readonly materials: TlsMaterials;
	/** Who may ask. */
	readonly callers: readonly CallerPattern[];
	/** Of one address, handshakes among them. */
	readonly maxConnections: number;
}

export interface TransportOptions {
	/** Absent: `auto`. */
	readonly transport?: TransportKind;
	/** Absent: the defaults. */
	readonly lane?: LaneLimits;
	/** Absent: every address must be a unix socket or a loopback port. */
	readonly tls?: TlsOptions;
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
	/**
	 * Answers one CheckRequest, whose bytes may be overwritten as soon as it has returned; `deadlineMs`: wall clock,
	 * Infinity when the caller gave none; `trace`: what its metadata say of a trace.
	 */
	readonly check: (
		request: Uint8Array,
		deadlineMs: number,
		trace: TraceHeaders | undefined,
	) => Uint8Array | Promise<Uint8Array>;
	/** An explicit denial: never is a Check refused by a gRPC error, which `failure_mode_allow` would turn round. */
	readonly deny: (reason: "overload" | "internal") => Uint8Array;
	/** Absent: `fields.enabled: false`, and `Process` is unimplemented. */
	readonly process?: ProcessService;
	/** Absent: the system's. */
	readonly clock?: Clock;
	readonly log: Logger;
	readonly metrics: Pick<Metrics, "streams" | "limitsHit" | "laneConnections" | "laneErrors" | "tlsRefused">;
}

/** `grpc.health.v1.Health` of this process, for the whole server and both services. */
export interface Health {
	setServing(serving: boolean): void;
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
