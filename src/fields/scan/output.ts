/** Where output goes: pieces of the current chunk as they are, and new bytes between them. */
export interface Output {
	chunk: Uint8Array;
	out: Uint8Array[];
	/** `chunk[from, to)` is kept and not handed out yet. */
	from: number;
	to: number;
}

const NOTHING = new Uint8Array(0);

export function createOutput(): Output {
	return { chunk: NOTHING, out: [], from: 0, to: 0 };
}

/** Starts a chunk; pieces are appended to `out`. */
export function beginChunk(output: Output, chunk: Uint8Array, out: Uint8Array[]): void {
	output.chunk = chunk;
	output.out = out;
	output.from = 0;
	output.to = 0;
}

/** Keeps `chunk[start, end)`; pieces that touch become one. */
export function keepBytes(output: Output, start: number, end: number): void {
	if (start >= end) return;
	if (start !== output.to) {
		flushOutput(output);
		output.from = start;
	}
	output.to = end;
}

/** Bytes that are not of the current chunk. */
export function putBytes(output: Output, bytes: Uint8Array): void {
	flushOutput(output);
	if (bytes.length > 0) output.out.push(bytes);
}

/** Hands out what is still to hand out of the chunk. */
export function flushOutput(output: Output): void {
	const { chunk, from, to } = output;
	if (from < to) output.out.push(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to));
	output.from = to;
}
