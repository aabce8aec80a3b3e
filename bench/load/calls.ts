import { deserialize, serialize } from "node:v8";

/** What one stream does, over and over: its messages, the next one when the one before was answered. */
export interface CallScript {
	readonly path: string;
	/** The streams take turns with these; each is the messages of one call. Without a message: a request of plain HTTP. */
	readonly calls: readonly (readonly Uint8Array[])[];
	/** Header fields of each call in place of those of gRPC, in HTTP/2's order: `:method` and the like first. */
	readonly heads?: readonly (readonly (readonly [name: string, value: string])[])[];
}

export interface LoadOrder {
	/** `unix:///PATH` or `HOST:PORT`. */
	readonly address: string;
	/** Where the script lies, as {@link writeScript} writes it. */
	readonly script: string;
	readonly connections: number;
	/** Streams of each connection at one time. */
	readonly streams: number;
	/** How many calls to make at most. */
	readonly calls: number;
	/** How long to go on making calls at most, seconds. */
	readonly seconds?: number;
	/** Calls a second, spread evenly whatever the server does; absent: the next when the one before has ended. */
	readonly rate?: number;
	/** Of an open loop: a call that was due for so long and could not be begun is given up. Microseconds. */
	readonly patience?: number;
}

/** What came of it; times in microseconds. */
export interface LoadResult {
	readonly calls: number;
	readonly seconds: number;
	readonly p50: number;
	readonly p99: number;
	readonly p999: number;
	/** Calls that did not end well: with the status 0 of gRPC, or by plain HTTP with 200. */
	readonly failed: number;
	/** Calls that were decided within half a second of being due, the patience that is announced. */
	readonly good: number;
	/** Calls that were answered with a 503. */
	readonly refused: number;
	readonly refusedP50: number;
	readonly refusedP99: number;
	/** Calls that were never begun. */
	readonly givenUp: number;
	/** CPU time of the load itself, microseconds in all. */
	readonly spent: number;
}

/** The script as bytes, for another process. */
export const writeScript = (script: CallScript): Buffer => serialize(script);

export const readScript = (bytes: Buffer): CallScript => deserialize(bytes) as CallScript;
