/** Where output goes: pieces of the current chunk as they are, and new bytes between them. */
export interface Output {
	/** Starts a chunk; pieces are appended to `out`. */
	begin(chunk: Uint8Array, out: Uint8Array[]): void;
	/** Keeps `chunk[start, end)`; pieces that touch become one. */
	keep(start: number, end: number): void;
	/** Bytes that are not of the current chunk. */
	put(bytes: Uint8Array): void;
	/** Hands out what is still to hand out of the chunk. */
	flush(): void;
}

const NOTHING = new Uint8Array(0);

export function createOutput(): Output {
	let chunk: Uint8Array = NOTHING;
	let out: Uint8Array[] = [];
	let from = 0;
	let to = 0;

	function flush(): void {
		if (from < to) out.push(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to));
		from = to;
	}

	return {
		begin(next, pieces) {
			chunk = next;
			out = pieces;
			from = 0;
			to = 0;
		},
		keep(start, end) {
			if (start >= end) return;
			if (start !== to) {
				flush();
				from = start;
			}
			to = end;
		},
		put(bytes) {
			flush();
			if (bytes.length > 0) out.push(bytes);
		},
		flush,
	};
}
