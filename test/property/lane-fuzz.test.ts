import { expect, test } from "@jest/globals";
import type { ProcessStream, Step } from "../../src/envoy/ext-proc/process-stream.ts";
import { createInFlight } from "../../src/envoy/transport/in-flight.ts";
import { openConnection } from "../../src/envoy/transport/lane/connection.ts";
import { createHpackDecoder, decodeBlock } from "../../src/envoy/transport/lane/hpack/decoder.ts";
import { createLane } from "../../src/envoy/transport/lane/server.ts";
import type { Connection, Lane } from "../../src/envoy/transport/lane/state.ts";
import { sweep } from "../../src/envoy/transport/lane/sweep.ts";
import { mutated, seeded } from "../support/byte-mutations.ts";
import { createFakeSocket, type FakeSocket } from "../support/lane/fake-socket.ts";
import { createFrameReader, F, frame, PREFACE, T } from "../support/lane/frames.ts";
import { createHpackEncoder, type Style } from "../support/lane/hpack-encoder.ts";
import { LANE_LIMITS, LANE_OPTIONS } from "../support/lane/lane-fixture.ts";
import {
	CHECK,
	check,
	data,
	grpcFields,
	grpcMessage,
	headers,
	PROCESS,
	reset,
	settings,
	uint32,
	windowUpdate,
} from "../support/lane/raw-peer.ts";
import { memoryLog, memoryMetrics } from "../support/quiet.ts";
import { times } from "../support/test-size.ts";

type Random = () => number;
const below = (random: Random, count: number): number => Math.floor(random() * count);
const oneOf = <V>(random: Random, ...values: readonly V[]): V => values[below(random, values.length)] as V;

interface Bench {
	readonly lane: Lane;
	readonly connection: Connection;
	readonly socket: FakeSocket;
	readonly log: ReturnType<typeof memoryLog>;
	/** Lets some of the answers go that take their time. */
	release(): void;
	elapse(ms: number): void;
}

/** One connection in memory, whose Checks echo, some at once and some later; streams too, where `lateSteps` lets them. */
function openBench(random: Random, take: (bytes: Buffer) => void, lateSteps: boolean): Bench {
	let now = 1000;
	let later: (() => void)[] = [];
	const echo = <V>(value: V): V | Promise<V> =>
		random() < 0.7 ? value : new Promise((resolve) => later.push(() => resolve(value)));
	const log = memoryLog();
	const { metrics } = memoryMetrics();
	const calls = createInFlight(1000, { log, metrics });
	const lane = createLane(
		{ ...LANE_OPTIONS, lane: LANE_LIMITS },
		{
			check: (request) => echo(Buffer.from(request)),
			deny: (reason) => Buffer.from(reason),
			process: {
				open: (): ProcessStream => ({
					receive(message) {
						const step: Step = { kind: "answer", message: Buffer.from(message) };
						return lateSteps ? echo(step) : step;
					},
					mayEnd: () => true,
					abandon: () => {},
				}),
			},
			clock: { now: () => now, monotonic: () => now },
			log,
			metrics,
		},
		calls,
	);
	const socket = createFakeSocket(take);
	return {
		lane,
		connection: openConnection(lane, socket.asSocket()),
		socket,
		log,
		release() {
			const going = later;
			later = [];
			for (const each of going) {
				if (random() < 0.5) later.push(each);
				else each();
			}
		},
		elapse(ms) {
			now += ms;
		},
	};
}

/** Feeds bytes in pieces of any size, as long as the lane reads. */
function feed({ socket }: Bench, bytes: Buffer, random: Random): void {
	let at = 0;
	while (at < bytes.length && !socket.destroyed) {
		if (socket.paused) socket.drain();
		const end = Math.min(bytes.length, at + 1 + below(random, oneOf(random, 3, 40, 2000)));
		socket.emit("data", Buffer.from(bytes.subarray(at, end)));
		at = end;
	}
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Whatever happened: afterwards nothing of it is left. */
async function expectNothingLeft({ lane, connection, socket, log, release }: Bench): Promise<void> {
	socket.destroy();
	for (let turn = 0; turn < 50 && (turn === 0 || lane.calls.total() > 0 || connection.active > 0); turn++) {
		release();
		await settled();
	}
	const left = {
		held: lane.held,
		connectionHeld: connection.held,
		active: connection.active,
		streams: connection.streams.size,
		waiting: connection.waiting.length,
		calls: lane.calls.total(),
		connections: lane.connections.size,
		watchers: lane.watchers.size,
		errors: log.lines.filter(({ level }) => level === "error"),
	};
	expect(left).toEqual({
		held: 0,
		connectionHeld: 0,
		active: 0,
		streams: 0,
		waiting: 0,
		calls: 0,
		connections: 0,
		watchers: 0,
		errors: [],
	});
}

interface Wanted {
	/** What must come back, unless the stream was reset. */
	readonly octets: Buffer;
	begun: boolean;
	reset: boolean;
	readonly received: Buffer[];
	window: number;
	status: string | undefined;
}

/** A client that keeps every rule, in any of the ways the rules leave open; it holds the lane to them, too. */
function createClient(random: Random, limit: { window: number; connection: number }) {
	const streams = new Map<number, Wanted>();
	const encoder = createHpackEncoder();
	const decoder = createHpackDecoder(4096);
	const read = createFrameReader();
	let next = 1;
	/** As sent last, and the largest that the lane may still go by. */
	let sent = limit.window;
	let initial = limit.window;
	/** What becomes true when the lane has acknowledged the settings that say so. */
	const unacknowledged: (() => void)[] = [() => {}];
	let connection = limit.connection;
	/** Octets that the lane may still be sent. */
	let room = 65_535;

	const style = (): Style => ({
		form: oneOf<Style["form"]>(random, "indexed", "incremental", "without", "never"),
		nameByIndex: random() < 0.5,
		huffman: random() < 0.5,
	});
	function block(stream: number, path: string, end: number): Buffer {
		const fields = [
			...grpcFields(path, random() < 0.5 ? { "grpc-timeout": "5S" } : {}),
			...(random() < 0.3 ? [[`x-${below(random, 5)}`, "v".repeat(below(random, 200))] as const] : []),
		];
		const bytes = Buffer.concat([
			...(random() < 0.1 ? [encoder.resize(below(random, 4097))] : []),
			...fields.map((pair) => encoder.field(pair, style())),
		]);
		const pad = random() < 0.2 ? below(random, 20) : -1;
		const priority = random() < 0.2;
		const cut = random() < 0.3 ? below(random, bytes.length) : bytes.length;
		const flags =
			(pad >= 0 ? F.PADDED : 0) |
			(priority ? F.PRIORITY : 0) |
			(cut === bytes.length ? F.END_HEADERS : 0) |
			end;
		const first = frame(
			T.HEADERS,
			flags,
			stream,
			Buffer.concat([
				...(pad >= 0 ? [Buffer.from([pad])] : []),
				...(priority ? [Buffer.concat([uint32(0), Buffer.from([1])])] : []),
				bytes.subarray(0, cut),
				Buffer.alloc(Math.max(0, pad)),
			]),
		);
		if (cut === bytes.length) return first;
		return Buffer.concat([first, frame(T.CONTINUATION, F.END_HEADERS, stream, bytes.subarray(cut))]);
	}
	function body(stream: number, octets: Buffer): Buffer {
		const frames: Buffer[] = [];
		for (let at = 0; at < octets.length; ) {
			const count = Math.min(octets.length - at, 1 + below(random, oneOf(random, 5, 16_000)));
			const last = at + count === octets.length && random() < 0.7;
			const pad = count < 16_000 && random() < 0.2 ? below(random, 30) : -1;
			const piece = octets.subarray(at, at + count);
			const payload = pad < 0 ? piece : Buffer.concat([Buffer.from([pad]), piece, Buffer.alloc(pad)]);
			frames.push(data(stream, payload, (pad < 0 ? 0 : F.PADDED) | (last ? F.END_STREAM : 0)));
			room -= payload.length;
			at += count;
			if (at === octets.length && !last) frames.push(data(stream, Buffer.alloc(0), F.END_STREAM));
		}
		return Buffer.concat(frames);
	}
	function setWindow(size: number): Buffer {
		const change = size - sent;
		sent = size;
		const apply = (): void => {
			initial += change;
			for (const each of streams.values()) each.window += change;
		};
		// A wider window may be used at once, a narrower one must be kept to once it was acknowledged.
		if (change > 0) apply();
		unacknowledged.push(change > 0 ? () => {} : apply);
		return settings([4, size]);
	}
	function take({ type, flags, stream, payload }: ReturnType<typeof read>[number]): void {
		const wanted = streams.get(stream);
		if (type === T.WINDOW_UPDATE && stream === 0) room += payload.readUInt32BE(0);
		if (type === T.SETTINGS && (flags & F.ACK) !== 0) unacknowledged.shift()?.();
		if (type === T.GOAWAY) throw new Error(`GOAWAY with ${payload.readUInt32BE(4)}`);
		if (type === T.RST_STREAM) throw new Error(`stream ${stream} was reset with ${payload.readUInt32BE(0)}`);
		if (type === T.HEADERS) {
			decodeBlock(decoder, payload, 0, payload.length, ({ name, value }) => {
				if (name === "grpc-status" && wanted !== undefined) wanted.status = value;
			});
			if (wanted?.status !== undefined && (flags & F.END_STREAM) === 0)
				throw new Error("a status in the middle");
		}
		if (type === T.DATA) {
			if (wanted === undefined || wanted.status !== undefined) throw new Error("DATA that nobody asked for");
			wanted.received.push(payload);
			wanted.window -= payload.length;
			connection -= payload.length;
			if (wanted.window < 0 || connection < 0) throw new Error("more than a window");
		}
	}
	return {
		take: (bytes: Buffer): void => {
			for (const one of read(bytes)) take(one);
		},
		room: () => room,
		/** A whole call, in two parts that others' may stand between. */
		call(): Part[] {
			const stream = next;
			next += 2;
			const unary = random() < 0.7;
			const count = unary ? 1 : below(random, 4);
			const octets = Buffer.concat(
				Array.from({ length: count }, () =>
					grpcMessage(Buffer.alloc(below(random, oneOf(random, 10, 3000, 30_000)), stream)),
				),
			);
			const head = block(stream, unary ? CHECK : PROCESS, 0);
			streams.set(stream, {
				octets,
				begun: false,
				reset: false,
				received: [],
				window: initial,
				status: undefined,
			});
			const rest = octets.length === 0 ? data(stream, Buffer.alloc(0), F.END_STREAM) : body(stream, octets);
			return [
				{ stream, bytes: head, begins: true },
				{ stream, bytes: rest, begins: false },
			];
		},
		/** What is sent of a part: nothing more of a stream that was reset. */
		place({ stream, bytes, begins }: Part): Buffer {
			const wanted = streams.get(stream) as Wanted;
			if (begins) wanted.begun = true;
			return wanted.reset ? Buffer.alloc(0) : bytes;
		},
		/** Something beside the calls. */
		aside(): Buffer {
			const open = [...streams].filter(
				([, { status, begun, reset: gone }]) => status === undefined && begun && !gone,
			);
			const [stream, wanted] = open[below(random, open.length)] ?? [0, undefined];
			switch (below(random, 6)) {
				case 0:
					return frame(T.PING, 0, 0, Buffer.alloc(8, 7));
				case 1:
					return frame(0x20 + below(random, 200), below(random, 256), below(random, 50), Buffer.alloc(3));
				case 2:
					if (wanted === undefined || random() < 0.7) return Buffer.alloc(0);
					wanted.reset = true;
					return reset(stream);
				case 3:
					return setWindow(below(random, 60_000));
				case 4:
					if (wanted === undefined) return Buffer.alloc(0);
					wanted.window += 777;
					return windowUpdate(stream, 777);
				default:
					connection += 5000;
					return windowUpdate(0, 5000);
			}
		},
		/** Windows that let everything through. */
		open(): Buffer {
			const wide = 40_000_000;
			connection += wide;
			return Buffer.concat([setWindow(wide), windowUpdate(0, wide)]);
		},
		streams,
	};
}

interface Part {
	readonly stream: number;
	readonly bytes: Buffer;
	readonly begins: boolean;
}

/** Mixes the parts of several calls; each call's stay in order. */
function interleaved(calls: readonly Part[][], random: Random): Part[] {
	return random() < 0.5
		? [...calls.map(([head]) => head as Part), ...calls.map(([, rest]) => rest as Part)]
		: calls.flat();
}

test(
	"whatever a client that keeps the rules does, it gets what it asked for, within its windows",
	async () => {
		const rounds = times(80, 1600);
		let answered = 0;
		for (let round = 0; round < rounds; round++) {
			const random = seeded(9113 + round);
			const window = oneOf(random, 0, 1, 100, 65_535, 1 << 20);
			const client = createClient(random, { window, connection: 65_535 });
			const bench = openBench(random, client.take, false);
			const fail = (why: unknown): never => {
				const said = JSON.stringify(bench.log.lines.at(-1));
				throw new Error(`round ${round}: ${why instanceof Error ? why.stack : why} ${said}`);
			};
			try {
				feed(bench, Buffer.concat([PREFACE, settings([4, window])]), random);
				for (let burst = 0; burst < 6; burst++) {
					bench.socket.slow = random() < 0.2;
					const calls: Part[][] = [];
					while (calls.length < 8 && client.room() > 200_000) calls.push(client.call());
					const bytes = interleaved(calls, random).flatMap((part) => [
						...(random() < 0.3 ? [client.aside()] : []),
						client.place(part),
					]);
					feed(bench, Buffer.concat(bytes), random);
					bench.release();
					bench.elapse(below(random, 50));
					await settled();
					if (bench.socket.writableLength > 0) bench.socket.drain();
					sweep(bench.lane);
				}
				bench.socket.slow = false;
				feed(bench, client.open(), random);
				for (let turn = 0; turn < 30; turn++) {
					bench.release();
					if (bench.socket.writableLength > 0) bench.socket.drain();
					await settled();
				}
			} catch (thrown) {
				fail(thrown);
			}
			for (const [stream, { octets, received, status, reset: gone }] of client.streams) {
				if (gone) continue;
				if (status !== "0") fail(`stream ${stream} ended with ${status}`);
				if (!octets.equals(Buffer.concat(received))) fail(`stream ${stream} got something else`);
				answered++;
			}
			await expectNothingLeft(bench);
		}
		expect(answered).toBeGreaterThan(rounds * 5);
	},
	times(120_000, 2_400_000),
);

/** What a peer may say, in any order and with anything wrong. */
function anyFrames(random: Random): Buffer {
	const stream = 1 + 2 * below(random, 12);
	const form = below(random, 14);
	const junk = Buffer.from(Array.from({ length: below(random, 40) }, () => below(random, 256)));
	switch (form) {
		case 0:
		case 1:
		case 2:
			return check(stream, "x".repeat(below(random, 300)));
		case 3:
			return Buffer.concat([headers(stream, grpcFields(PROCESS)), data(stream, grpcMessage("part"))]);
		case 4:
			return headers(stream, grpcFields(oneOf(random, CHECK, PROCESS, "/other")), oneOf(random, 0, 1, 4, 5));
		case 5:
			return data(stream, junk, below(random, 16));
		case 6:
			return frame(T.CONTINUATION, below(random, 8), stream, junk);
		case 7:
			return reset(stream, below(random, 20));
		case 8:
			return settings([below(random, 8), below(random, 100_000)]);
		case 9:
			return windowUpdate(oneOf(random, 0, stream), oneOf(random, 0, 1, 5000, 0x7fffffff));
		case 10:
			return frame(T.PING, below(random, 2), 0, Buffer.alloc(oneOf(random, 8, 8, 7)));
		case 11:
			return frame(T.GOAWAY, 0, 0, Buffer.alloc(8));
		case 12:
			return headers(stream, grpcFields("/grpc.health.v1.Health/Watch"), F.END_HEADERS);
		default:
			return frame(below(random, 12), below(random, 256), oneOf(random, 0, stream), junk);
	}
}

test(
	"whatever a peer sends, nothing of it is left, and what comes back are frames",
	async () => {
		const rounds = times(1500, 30_000);
		let ended = 0;
		let served = 0;
		for (let round = 0; round < rounds; round++) {
			const random = seeded(44_487 + round);
			const read = createFrameReader();
			const take = (written: Buffer): void => {
				for (const { type } of read(written)) {
					if (type > T.CONTINUATION) throw new Error(`round ${round}: a frame of type ${type}`);
					if (type === T.GOAWAY) ended++;
					if (type === T.DATA) served++;
				}
			};
			const bench = openBench(random, take, true);
			let bytes: Buffer = Buffer.concat([
				PREFACE,
				settings(),
				...Array.from({ length: 1 + below(random, 15) }, () => anyFrames(random)),
			]);
			if (random() < 0.5) bytes = mutated(bytes, random);
			bench.socket.slow = random() < 0.2;
			feed(bench, bytes, random);
			bench.release();
			await settled();
			bench.elapse(oneOf(random, 0, 100, 30_000, 400_000));
			sweep(bench.lane);
			if (random() < 0.3) bench.socket.emit("end");
			if (bench.socket.writableLength > 0) bench.socket.drain();
			await expectNothingLeft(bench);
		}
		// Both ends of the matter are met often, or this would mean little.
		expect(ended).toBeGreaterThan(rounds / 10);
		expect(served).toBeGreaterThan(rounds / 20);
	},
	times(120_000, 2_400_000),
);
