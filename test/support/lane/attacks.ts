import { F, frame, T } from "./frames.ts";
import {
	CHECK,
	check,
	data,
	grpcFields,
	headers,
	plainBlock,
	reset,
	settings,
	uint32,
	windowUpdate,
} from "./raw-peer.ts";

/** What a hostile peer sends on one connection, piece by piece, for as long as it can. */
export interface Attack {
	/** What the server must have counted: a limit that was hit, or an error by which it ended a connection. */
	readonly meets: string;
	/** SETTINGS behind its preface. */
	readonly settings?: readonly (readonly [number, number])[];
	/** It never takes a byte out of its socket. */
	readonly deaf?: boolean;
	pieces(): Generator<Buffer>;
}

const INITIAL_WINDOW = 4;
const RESETS = "limit lane.max_resets_per_second";
const CONTROLS = "limit lane.max_control_frames_per_second";

/** `each` for one stream after the other, many to a piece. */
function perStream(each: (stream: number) => Buffer, many = 50): () => Generator<Buffer> {
	return function* () {
		for (let stream = 1; ; stream += 2 * many) {
			yield Buffer.concat(Array.from({ length: many }, (_, at) => each(stream + 2 * at)));
		}
	};
}

/** First one thing, then another for ever, many to a piece. */
function then(first: Buffer, again: Buffer, many = 200): () => Generator<Buffer> {
	const piece = Buffer.concat(Array.from({ length: many }, () => again));
	return function* () {
		yield first;
		for (;;) yield piece;
	};
}

const NOTHING = Buffer.alloc(0);
const open = headers(1);
const unfinished = headers(1, grpcFields(), 0);
/** One entry of nearly the table's size, referred to as often as a frame can. */
const bomb = Buffer.concat([
	plainBlock(grpcFields()),
	Buffer.from([0x40, 1, 0x61, 0x7f, 0x91, 0x1e]),
	Buffer.alloc(4000 - 2, "v"),
	Buffer.alloc(12_000, 0xbe),
]);

export const ATTACKS: Readonly<Record<string, Attack>> = {
	"streams that are opened and reset (CVE-2023-44487)": {
		meets: RESETS,
		pieces: perStream((stream) => Buffer.concat([headers(stream), reset(stream)])),
	},
	"calls that are reset while somebody works on them": {
		meets: RESETS,
		pieces: perStream((stream) => Buffer.concat([check(stream, "slow "), reset(stream)])),
	},
	"calls that the server is made to reset (CVE-2025-8671)": {
		meets: RESETS,
		pieces: perStream((stream) => Buffer.concat([check(stream, "slow "), windowUpdate(stream, 0x7fffffff)])),
	},
	"malformed requests": {
		meets: RESETS,
		pieces: perStream((stream) => headers(stream, grpcFields(CHECK, { te: "gzip" }))),
	},
	"more streams than allowed": {
		meets: "limit max_concurrent_streams",
		pieces: perStream((stream) => check(stream, "slow ")),
	},
	"a header block that never ends (CVE-2024-27316)": {
		meets: "limit lane_continuations",
		pieces: then(unfinished, frame(T.CONTINUATION, 0, 1, Buffer.from([0])), 100),
	},
	"empty CONTINUATION frames": {
		meets: "limit lane_continuations",
		pieces: then(unfinished, frame(T.CONTINUATION, 0, 1)),
	},
	"a header block without bounds": {
		meets: "limit lane.max_header_bytes",
		pieces: then(unfinished, frame(T.CONTINUATION, 0, 1, Buffer.alloc(16_000)), 1),
	},
	"a HPACK bomb": {
		meets: "limit lane.max_header_bytes",
		pieces: perStream((stream) => frame(T.HEADERS, F.END_HEADERS, stream, bomb), 2),
	},
	SETTINGS: { meets: CONTROLS, pieces: then(NOTHING, settings()) },
	"SETTINGS that move every window": {
		meets: CONTROLS,
		pieces: function* () {
			yield Buffer.concat(Array.from({ length: 90 }, (_, at) => check(1 + 2 * at, "slow ")));
			for (;;) yield Buffer.concat([settings([INITIAL_WINDOW, 1]), settings([INITIAL_WINDOW, 60_000])]);
		},
	},
	PING: { meets: CONTROLS, pieces: then(NOTHING, frame(T.PING, 0, 0, Buffer.alloc(8))) },
	"PING whose answers are not read": {
		meets: CONTROLS,
		deaf: true,
		pieces: then(NOTHING, frame(T.PING, 0, 0, Buffer.alloc(8))),
	},
	PRIORITY: { meets: CONTROLS, pieces: then(NOTHING, frame(T.PRIORITY, 0, 1, Buffer.alloc(5))) },
	WINDOW_UPDATE: { meets: CONTROLS, pieces: then(NOTHING, windowUpdate(0, 1)) },
	"empty DATA (CVE-2019-9518)": { meets: CONTROLS, pieces: then(open, data(1, NOTHING)) },
	"DATA of nothing but padding": { meets: CONTROLS, pieces: then(open, data(1, Buffer.from([0]), F.PADDED)) },
	"frames of no known type": { meets: CONTROLS, pieces: then(NOTHING, frame(0x77, 0, 0)) },
	"RST_STREAM on a stream that has ended": { meets: CONTROLS, pieces: then(check(1), reset(1)) },
	"answers that are let out octet by octet (CVE-2019-9511)": {
		meets: CONTROLS,
		settings: [[INITIAL_WINDOW, 0]],
		pieces: then(check(1, "large"), windowUpdate(1, 1)),
	},
	"answers whose window never opens (CVE-2019-9517)": {
		meets: "limit lane.max_buffered_bytes",
		settings: [[INITIAL_WINDOW, 0]],
		pieces: perStream((stream) => check(stream, "large"), 20),
	},
	"answers that nobody reads": {
		meets: "limit lane.stall_seconds",
		deaf: true,
		settings: [[INITIAL_WINDOW, 0x7fffffff]],
		pieces: function* () {
			yield windowUpdate(0, 0x7fff0000);
			yield* perStream((stream) => check(stream, "large"), 20)();
		},
	},
	"messages that are announced and never end": {
		meets: "limit lane.max_buffered_bytes",
		pieces: perStream(
			(stream) =>
				Buffer.concat([
					headers(stream),
					data(stream, Buffer.from([0, 0, 0x0f, 0xff, 0xff])),
					...Array.from({ length: 7 }, () => data(stream, Buffer.alloc(16_000))),
				]),
			12,
		),
	},
	"requests that never end": {
		meets: "limit max_concurrent_streams",
		pieces: perStream((stream) => headers(stream), 4),
	},
	"no frames": {
		meets: "ended FRAME_SIZE_ERROR",
		pieces: function* () {
			for (;;) yield Buffer.concat([uint32(0x5a5a5a5a), Buffer.alloc(1000, 0xff)]);
		},
	},
};
