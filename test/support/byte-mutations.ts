/** A seeded generator of numbers in [0, 1); the same seed gives the same run everywhere. */
export function seeded(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** `bytes` with one to four random changes: bits, bytes, runs that go, come twice, or come from elsewhere. */
export function mutated(bytes: Uint8Array, random: () => number): Buffer {
	let out = Buffer.from(bytes);
	const pick = (below: number): number => Math.floor(random() * below);
	for (let changes = 1 + pick(4); changes > 0; changes--) {
		const at = pick(out.length + 1);
		const run = out.subarray(at, at + 1 + pick(16));
		switch (pick(7)) {
			case 0:
				if (at < out.length) out[at] = (out[at] ?? 0) ^ (1 << pick(8));
				break;
			case 1:
				if (at < out.length) out[at] = pick(256);
				break;
			case 2:
				out = Buffer.concat([out.subarray(0, at), out.subarray(at + run.length)]);
				break;
			case 3:
				out = Buffer.concat([out.subarray(0, at), run, out.subarray(at)]);
				break;
			case 4:
				out = Buffer.concat([out.subarray(0, at), Buffer.from([pick(256), pick(256)]), out.subarray(at)]);
				break;
			case 5:
				out = out.subarray(0, at);
				break;
			default:
				out = Buffer.concat([out, out.subarray(at)]);
		}
	}
	return out;
}
