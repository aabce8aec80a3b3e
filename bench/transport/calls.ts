/** What one stream does, over and over: its messages, the next one when the one before was answered. */
export interface CallScript {
	readonly path: string;
	/** The streams take turns with these; each is the messages of one call. */
	readonly calls: readonly (readonly Buffer[])[];
}

export interface LoadOrder {
	/** `unix:///PATH`. */
	readonly address: string;
	/** Where the script lies, as {@link writeScript} writes it. */
	readonly script: string;
	readonly connections: number;
	/** Streams of each connection at one time. */
	readonly streams: number;
	/** How many calls to make. */
	readonly calls: number;
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
	/** Calls that did not end with the status 0. */
	readonly failed: number;
	/** Calls that were decided within half a second of being due, the patience that is announced. */
	readonly good: number;
	/** Calls that were answered with a 503. */
	readonly refused: number;
	readonly refusedP50: number;
	readonly refusedP99: number;
	/** Calls that were never begun. */
	readonly givenUp: number;
}

/** The script as bytes, for another process. */
export function writeScript({ path, calls }: CallScript): Buffer {
	const parts: Buffer[] = [];
	const put = (bytes: Buffer): void => {
		const length = Buffer.alloc(4);
		length.writeUInt32LE(bytes.length);
		parts.push(length, bytes);
	};
	put(Buffer.from(path));
	for (const messages of calls) {
		const count = Buffer.alloc(4);
		count.writeUInt32LE(messages.length);
		parts.push(count);
		messages.forEach(put);
	}
	return Buffer.concat(parts);
}

export function readScript(bytes: Buffer): CallScript {
	let at = 0;
	const number = (): number => {
		at += 4;
		return bytes.readUInt32LE(at - 4);
	};
	const take = (): Buffer => {
		const length = number();
		at += length;
		return bytes.subarray(at - length, at);
	};
	const path = take().toString();
	const calls: Buffer[][] = [];
	while (at < bytes.length) calls.push(Array.from({ length: number() }, take));
	return { path, calls };
}
