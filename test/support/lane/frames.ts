/** One frame of HTTP/2 as bytes; what it says need not make sense. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = EMPTY): Buffer {
	const out = Buffer.alloc(9 + payload.length);
	out.writeUIntBE(payload.length, 0, 3);
	out[3] = type;
	out[4] = flags;
	out.writeUInt32BE(stream, 5);
	out.set(payload, 9);
	return out;
}

const EMPTY = Buffer.alloc(0);

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

export interface Frame {
	readonly type: number;
	readonly flags: number;
	readonly stream: number;
	readonly payload: Buffer;
}

/** Takes whole frames out of bytes that arrive in pieces of any size. */
export function createFrameReader(): (bytes: Uint8Array) => Frame[] {
	let held: Buffer = EMPTY;
	return (bytes) => {
		held = Buffer.concat([held, bytes]);
		const found: Frame[] = [];
		for (;;) {
			if (held.length < 9) return found;
			const end = 9 + held.readUIntBE(0, 3);
			if (held.length < end) return found;
			found.push({
				type: held[3] ?? 0,
				flags: held[4] ?? 0,
				stream: held.readUInt32BE(5) & 0x7fffffff,
				payload: held.subarray(9, end),
			});
			held = held.subarray(end);
		}
	};
}

export const T = {
	DATA: 0,
	HEADERS: 1,
	PRIORITY: 2,
	RST_STREAM: 3,
	SETTINGS: 4,
	PUSH_PROMISE: 5,
	PING: 6,
	GOAWAY: 7,
	WINDOW_UPDATE: 8,
	CONTINUATION: 9,
} as const;

export const F = { ACK: 1, END_STREAM: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const;
