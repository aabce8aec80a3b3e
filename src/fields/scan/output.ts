import { asBuffer } from "../json-text.ts";

/** Where output goes: pieces of the current chunk as they are, and new bytes between them. */
export interface Output {
	chunk: Uint8Array;
	out: Uint8Array[];
	/** `chunk[from, to)` is kept and not handed out yet. */
	from: number;
	to: number;
	/** Before that: two numbers a piece, where it begins and ends in the chunk, or −1 and which of `news` it is. */
	readonly pieces: number[];
	count: number;
	readonly news: Uint8Array[];
	/** Bytes of all pieces. */
	length: number;
}

const NOTHING = new Uint8Array(0);
/** Pieces are put together where that takes no more memory than this many chunks: new bytes may be many times a chunk. */
const MOST_GROWTH = 2;
const SMALL = 65_536;
/** Fewer bytes are copied faster one by one than by a call. */
const FEW = 32;

export function createOutput(): Output {
	return { chunk: NOTHING, out: [], from: 0, to: 0, pieces: [], count: 0, news: [], length: 0 };
}

/** Starts a chunk; pieces are appended to `out`. */
export function beginChunk(output: Output, chunk: Uint8Array, out: Uint8Array[]): void {
	output.chunk = chunk;
	output.out = out;
	output.from = 0;
	output.to = 0;
	output.count = 0;
	output.news.length = 0;
	output.length = 0;
}

/** Keeps `chunk[start, end)`; pieces that touch become one. */
export function keepBytes(output: Output, start: number, end: number): void {
	if (start >= end) return;
	if (start !== output.to) {
		endPiece(output);
		output.from = start;
	}
	output.to = end;
}

/** Bytes that are not of the current chunk. */
export function putBytes(output: Output, bytes: Uint8Array): void {
	if (bytes.length === 0) return;
	endPiece(output);
	addPiece(output, -1, output.news.length);
	output.news.push(bytes);
	output.length += bytes.length;
}

function endPiece(output: Output): void {
	const { from, to } = output;
	if (from < to) {
		addPiece(output, from, to);
		output.length += to - from;
	}
	output.from = to;
}

function addPiece(output: Output, from: number, to: number): void {
	const { pieces, count } = output;
	pieces[count] = from;
	pieces[count + 1] = to;
	output.count = count + 2;
}

/** Hands out what is still to hand out of the chunk. */
export function flushOutput(output: Output): void {
	endPiece(output);
	const { chunk, out, pieces, count, news, length } = output;
	if (count > 2 && (length <= SMALL || length <= chunk.length * MOST_GROWTH)) out.push(together(output));
	else
		for (let i = 0; i < count; i += 2) {
			const from = pieces[i]!;
			const to = pieces[i + 1]!;
			if (from < 0) out.push(news[to]!);
			else out.push(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to));
		}
	output.count = 0;
	news.length = 0;
	output.length = 0;
}

/** All pieces as one: a body of many small ones costs more for what each of them is than for its bytes. */
function together({ chunk, pieces, count, news, length }: Output): Uint8Array {
	const source = asBuffer(chunk);
	const target = Buffer.allocUnsafe(length);
	let at = 0;
	for (let i = 0; i < count; i += 2) {
		const from = pieces[i]!;
		const to = pieces[i + 1]!;
		if (from >= 0) {
			if (to - from < FEW) for (let k = from; k < to; k++) target[at++] = source[k]!;
			else at += source.copy(target, at, from, to);
		} else {
			const bytes = news[to]!;
			if (bytes.length < FEW) for (let k = 0; k < bytes.length; k++) target[at++] = bytes[k]!;
			else {
				target.set(bytes, at);
				at += bytes.length;
			}
		}
	}
	return target;
}
