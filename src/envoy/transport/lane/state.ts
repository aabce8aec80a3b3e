import type { Socket } from "node:net";
import type { Clock } from "../../../lib/clock.ts";
import type { TraceHeaders } from "../../../lib/trace-context.ts";
import type { InFlight, ProcessCall } from "../in-flight.ts";
import type { QueueClock } from "../queue-clock.ts";
import type { LaneLimits, TransportDeps, TransportOptions } from "../types.ts";
import type { Budget } from "./budget.ts";
import type { ReceiveWindow } from "./flow-window.ts";
import type { FrameIntake } from "./frame-intake.ts";
import type { HeaderField } from "./header-field.ts";
import type { HpackDecoder } from "./hpack/decoder.ts";
import type { MessageReader } from "./message-reader.ts";
import type { RequestHead } from "./request-head.ts";
import type { StreamTable } from "./stream-table.ts";

/** What all connections share. */
export interface Lane {
	readonly options: TransportOptions;
	readonly limits: LaneLimits;
	readonly deps: TransportDeps;
	readonly calls: InFlight;
	readonly clock: Clock;
	readonly queue: QueueClock;
	readonly connections: Set<Connection>;
	/** Octets of messages that are incomplete or wait to leave, over all connections. */
	held: number;
	/** What health checks say. */
	serving: boolean;
	readonly watchers: Set<Stream>;
	/** Buffers for what is about to be written, of which one turn of one connection needs one. */
	readonly spareBuffers: Buffer[];
	/** What every plain connection reads into. */
	readonly readBuffer: Buffer;
}

/** How far a connection's farewell is. */
export type Farewell =
	| "none"
	/** GOAWAY that names no stream was sent, and a PING behind it: whatever the peer began before it read them still counts. */
	| "announced"
	/** GOAWAY with the last stream that is served. */
	| "final"
	/** Nothing more is read or written. */
	| "closed";

/** One connection; times are monotonic milliseconds. */
export interface Connection {
	readonly lane: Lane;
	readonly socket: Socket;
	/** When the work began that is being done now; read once per piece of work. */
	now: number;
	/** Milliseconds that what is read now has waited at most. */
	waitedMs: number;
	/** Work is being done: what it writes leaves at its end. */
	inTurn: boolean;
	readonly openedAt: number;
	/** Age at which it is asked to end, already spread. */
	readonly maxAgeMs: number;
	farewell: Farewell;
	farewellAt: number;
	/** The peer has ended its side of the socket. */
	readEnded: boolean;

	/** Octets of the preface that have come. */
	prefaceFill: number;
	settingsSeen: boolean;
	readonly intake: FrameIntake;
	/** Since when a frame is incomplete; 0: none is. */
	frameSince: number;
	/** What was read and not looked at, because nothing more can be written. */
	rest: Buffer | undefined;
	lastReadAt: number;
	/** When a PING of ours was sent that was not answered; 0: none. */
	pingAt: number;

	readonly decoder: HpackDecoder;
	readonly head: RequestHead;
	readonly take: (field: HeaderField) => void;
	/** Stream whose header block is incomplete; 0: none. */
	blockStream: number;
	blockEndsStream: boolean;
	block: Buffer;
	blockFill: number;
	blockFrames: number;
	blockSince: number;

	readonly streams: StreamTable<Stream>;
	/** Streams that are open, and streams that ended while somebody still works on them. */
	active: number;
	/** Highest stream that the peer has opened. */
	highest: number;
	/** Highest stream that was or will be served. */
	lastServed: number;
	/** When the last stream ended. */
	idleSince: number;
	/** The last streams that ended, and which of them we reset: a ring. */
	readonly endedStreams: Int32Array;
	endedNext: number;

	readonly window: ReceiveWindow;
	sendWindow: number;
	/** Initial window of the peer's streams. */
	initialWindow: number;
	/** Streams with something that waits for a window or for the socket, in order. */
	readonly waiting: Stream[];
	/** Octets of this connection that `Lane.held` counts. */
	held: number;

	/** Bytes that leave at the end of this piece of work. */
	out: Buffer;
	outFill: number;
	/** No header block was sent yet. */
	firstBlock: boolean;
	/** The socket takes no more for now. */
	blocked: boolean;
	/** Told where a write leaves later than it was made, as each does over TLS. */
	readonly onWritten: (() => void) | undefined;
	/** Since when something lies in the socket; 0: nothing does. */
	writeSince: number;

	/** For frames that do no work for the peer. */
	readonly controls: Budget;
	/** For streams that end by a reset. */
	readonly resets: Budget;
}

/** One stream: one call. */
export interface Stream {
	readonly id: number;
	readonly connection: Connection;
	readonly route: number;
	/** Wall clock, milliseconds since 1970; Infinity: none. */
	readonly deadlineMs: number;
	/** The caller's patience in milliseconds when the call was read, and how much of it was over; Infinity: none. */
	readonly timeoutMs: number;
	readonly waitedMs: number;
	/** Monotonic, when the call was read. */
	readonly readAt: number;
	/** The peer has ended its side. */
	ended: boolean;
	/** Our side has ended, or will when what waits has left; what still comes is not looked at. */
	answered: boolean;
	/** The stream is no more. */
	gone: boolean;
	headSent: boolean;
	/** −1: not announced. */
	readonly contentLength: number;
	/** What the caller's metadata say of a trace. */
	readonly trace: TraceHeaders | undefined;
	received: number;
	/** Made with the first DATA that does not end the stream. */
	window: ReceiveWindow | undefined;
	sendWindow: number;
	/** Made where a message does not come in one piece. */
	reader: MessageReader | undefined;
	/** The one message of a unary call, until the peer ends its side. */
	message: Buffer | undefined;
	/** Since when a message, or a unary request, is incomplete; 0: none is. */
	incompleteSince: number;
	/** Octets of this stream that `Connection.held` counts. */
	held: number;
	outgoing: Outgoing | undefined;
	/** Steps that are still worked on. */
	busy: number;
	process: ProcessState | undefined;
}

/** A `Process` call of this transport. */
export interface ProcessState extends ProcessCall {
	receive(message: Buffer): void;
	halfClosed(): void;
	/** The stream ended otherwise. */
	over(): void;
}

/** What of a stream waits to leave. */
export interface Outgoing {
	readonly pieces: Uint8Array[];
	/** Where the first piece goes on. */
	offset: number;
	octets: number;
	/** What follows them: nothing yet, the end of the stream, or trailers that end it. */
	end: "open" | "data" | Buffer;
	/** When something of it left, or it was made. */
	since: number;
}
