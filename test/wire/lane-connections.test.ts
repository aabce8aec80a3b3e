import { afterEach, describe, expect, test } from "@jest/globals";
import type { ProcessStream, Step } from "../../src/envoy/ext-proc/process-stream.ts";
import type { TransportDeps } from "../../src/envoy/transport/types.ts";
import { F, frame, T } from "../support/lane/frames.ts";
import { type LaneFixture, startLaneFixture } from "../support/lane/lane-fixture.ts";
import {
	CHECK,
	check,
	data,
	grpcFields,
	grpcMessage,
	headers,
	PROCESS,
	plainBlock,
	type RawPeer,
	reset,
	settings,
	windowUpdate,
} from "../support/lane/raw-peer.ts";
import { until } from "../support/until.ts";

const INITIAL_WINDOW = 4;
const PROTOCOL_ERROR = 1;
const FLOW_CONTROL_ERROR = 3;
const STREAM_CLOSED = 5;
const FRAME_SIZE_ERROR = 6;
const REFUSED_STREAM = 7;
const CANCEL = 8;
const COMPRESSION_ERROR = 9;
const ENHANCE_YOUR_CALM = 11;

let lane: LaneFixture;
async function start(...args: Parameters<typeof startLaneFixture>): Promise<LaneFixture> {
	lane = await startLaneFixture(...args);
	return lane;
}
afterEach(() => lane.stop());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Checks that wait until they are let go. */
function gate(): { readonly check: TransportDeps["check"]; open(): void; waiting(): number } {
	let held: (() => void)[] = [];
	return {
		check: (request) => new Promise((resolve) => held.push(() => resolve(Buffer.from(request)))),
		open() {
			for (const each of held) each();
			held = [];
		},
		waiting: () => held.length,
	};
}

/** The connection is over, for this reason, and another one is served. */
async function endedWith(peer: RawPeer, code: number): Promise<void> {
	await peer.until(peer.isClosed, "the end of the connection");
	expect(peer.goaways().at(-1)?.code).toBe(code);
	const other = await lane.connect();
	other.send(check(1));
	expect(await other.answer(1)).toBe("ask");
	expect(lane.transport.inFlight()).toBe(0);
}

describe("windows for answers", () => {
	const answering = (length: number): Partial<TransportDeps> => ({
		check: () => Buffer.alloc(length, "x"),
	});
	const received = (peer: RawPeer, stream: number): number => peer.heard(stream).data.length;

	test("of a stream: an answer comes as far as its window lets it", async () => {
		const peer = await (await start(answering(95))).connect({ settings: [[INITIAL_WINDOW, 0]] });
		peer.send(check(1));
		await peer.until(() => peer.heard(1).heads.length === 1);
		await pause(20);
		expect(received(peer, 1)).toBe(0);
		for (const [increment, total] of [
			[1, 1],
			[4, 5],
			[50, 55],
		] as const) {
			peer.send(windowUpdate(1, increment));
			await peer.until(() => received(peer, 1) === total);
			await pause(10);
			expect([received(peer, 1), peer.heard(1).ended]).toEqual([total, false]);
		}
		peer.send(windowUpdate(1, 45));
		expect(await peer.answer(1)).toBe("x".repeat(95));
	});

	test("of the connection: streams share it, each in its turn", async () => {
		const peer = await (await start(answering(40_000))).connect({ settings: [[INITIAL_WINDOW, 1 << 20]] });
		peer.send(check(1), check(3));
		await peer.until(() => received(peer, 1) + received(peer, 3) === 65_535);
		await pause(20);
		expect(Math.abs(received(peer, 1) - received(peer, 3))).toBeLessThanOrEqual(16_384);
		peer.send(windowUpdate(0, 20_000));
		expect([(await peer.answer(1)).length, (await peer.answer(3)).length]).toEqual([40_000, 40_000]);
		for (const { type, payload } of peer.frames)
			if (type === T.DATA) expect(payload.length).toBeLessThanOrEqual(16_384);
	});

	test("move with SETTINGS, below zero too (RFC 9113, section 6.9.2)", async () => {
		const peer = await (await start(answering(200))).connect({ settings: [[INITIAL_WINDOW, 100]] });
		peer.send(check(1));
		await peer.until(() => received(peer, 1) === 100);
		peer.send(settings([INITIAL_WINDOW, 40]), windowUpdate(1, 60));
		await pause(20);
		expect(received(peer, 1)).toBe(100);
		peer.send(windowUpdate(1, 5));
		await peer.until(() => received(peer, 1) === 105);
		peer.send(settings([INITIAL_WINDOW, 1000]));
		expect((await peer.answer(1)).length).toBe(200);
	});

	test("another stream's full window holds nobody up", async () => {
		const peer = await (await start()).connect({ settings: [[INITIAL_WINDOW, 10]] });
		peer.send(check(1, "x".repeat(100)), check(3, "short"));
		expect(await peer.answer(3)).toBe("short");
		peer.send(reset(1), check(5, "more"));
		expect(await peer.answer(5)).toBe("more");
	});

	test("an increment of nothing, and one too many, are errors", async () => {
		await start();
		const none = await lane.connect();
		none.send(windowUpdate(0, 0));
		await endedWith(none, PROTOCOL_ERROR);
		const wide = await lane.connect();
		wide.send(windowUpdate(0, 0x7fffffff));
		await endedWith(wide, FLOW_CONTROL_ERROR);
		const stream = await lane.connect();
		stream.send(headers(1), windowUpdate(1, 0x7fffffff));
		await stream.until(() => stream.heard(1).reset !== undefined);
		expect(stream.heard(1).reset).toBe(FLOW_CONTROL_ERROR);
		const initial = await lane.connect();
		initial.send(headers(1), windowUpdate(1, 0x70000000), settings([INITIAL_WINDOW, 0x70000000]));
		await endedWith(initial, FLOW_CONTROL_ERROR);
	});
});

describe("windows for requests", () => {
	test("are given back by halves, padding and all", async () => {
		const peer = await (await start()).connect();
		const widened = (id: number): number[] =>
			peer.frames
				.filter(({ type, stream }) => type === T.WINDOW_UPDATE && stream === id)
				.map(({ payload }) => payload.readUInt32BE(0));
		const padded = Buffer.concat([Buffer.from([255]), Buffer.alloc(999)]);
		const ping = async (): Promise<void> => {
			const before = peer.frames.filter(({ type }) => type === T.PING).length;
			peer.send(frame(T.PING, 0, 0, Buffer.alloc(8)));
			await peer.until(() => peer.frames.filter(({ type }) => type === T.PING).length > before);
		};
		peer.send(headers(1), data(1, Buffer.from([0, 0, 0x0f, 0, 0])));
		for (let part = 0; part < 131; part++) peer.send(data(1, padded, F.PADDED));
		await ping();
		expect(widened(1)).toEqual([]);
		peer.send(data(1, padded, F.PADDED));
		await ping();
		expect(widened(1)).toEqual([132_005]);
		for (let part = 0; part < 393; part++) peer.send(data(1, padded, F.PADDED));
		await ping();
		expect(widened(1)).toEqual([132_005, 132_000, 132_000]);
		// The first is what the connection's window is wider than HTTP/2's own.
		expect(widened(0)).toEqual([(1 << 20) - 65_535, 525_005]);
	});

	test("what is sent on streams that are answered or gone comes back to the connection", async () => {
		const peer = await (await start()).connect();
		let stream = 1;
		let octets = 0;
		const widened = (): number =>
			peer.frames
				.filter(({ type, stream: id }) => type === T.WINDOW_UPDATE && id === 0)
				.reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 65_535);
		// Four times the connection's window, all of it on streams that nobody listens to.
		while (octets < 4 << 20) {
			await peer.until(() => widened() - octets > 200_000, "the connection's window");
			peer.send(headers(stream, grpcFields("/unknown")));
			for (let part = 0; part < 8; part++) {
				peer.send(data(stream, Buffer.alloc(16_000), part === 7 ? F.END_STREAM : 0));
				octets += 16_000;
			}
			stream += 2;
		}
		peer.send(check(stream));
		expect(await peer.answer(stream)).toBe("ask");
	});
});

describe("numbers of streams", () => {
	test.each<[string, (peer: RawPeer) => void, number]>([
		["an even one", (peer) => peer.send(headers(2)), PROTOCOL_ERROR],
		["stream 0", (peer) => peer.send(headers(0)), PROTOCOL_ERROR],
		["one below another", (peer) => peer.send(headers(5), headers(3)), PROTOCOL_ERROR],
		["DATA before HEADERS", (peer) => peer.send(data(1, Buffer.from("x"))), PROTOCOL_ERROR],
		["DATA on stream 0", (peer) => peer.send(data(0, Buffer.from("x"))), PROTOCOL_ERROR],
		["RST_STREAM before HEADERS", (peer) => peer.send(reset(1)), PROTOCOL_ERROR],
		["WINDOW_UPDATE before HEADERS", (peer) => peer.send(windowUpdate(1, 1)), PROTOCOL_ERROR],
		["DATA behind the end", (peer) => peer.send(check(1), data(1, Buffer.from("x"))), STREAM_CLOSED],
		["HEADERS behind the end", (peer) => peer.send(check(1), headers(1)), STREAM_CLOSED],
		[
			"DATA behind a reset of the peer's own",
			(peer) => peer.send(headers(1), reset(1), data(1, Buffer.from("x"))),
			STREAM_CLOSED,
		],
		["trailers that do not end", (peer) => peer.send(headers(1), headers(1, [["x-a", "1"]])), PROTOCOL_ERROR],
		[
			"trailers with a pseudo field",
			(peer) => peer.send(headers(1), headers(1, [[":path", "/"]], F.END_HEADERS | F.END_STREAM)),
			PROTOCOL_ERROR,
		],
		[
			"a header block that cannot be read",
			(peer) => peer.send(frame(T.HEADERS, F.END_HEADERS, 1, Buffer.from([0x80]))),
			COMPRESSION_ERROR,
		],
		[
			"PUSH_PROMISE",
			(peer) => peer.send(frame(T.PUSH_PROMISE, F.END_HEADERS, 1, Buffer.alloc(8))),
			PROTOCOL_ERROR,
		],
		[
			"a frame inside a header block",
			(peer) => peer.send(headers(1, grpcFields(), 0), check(3)),
			PROTOCOL_ERROR,
		],
		["CONTINUATION of nothing", (peer) => peer.send(frame(T.CONTINUATION, F.END_HEADERS, 1)), PROTOCOL_ERROR],
		[
			"CONTINUATION of another stream",
			(peer) => peer.send(headers(1, grpcFields(), 0), frame(T.CONTINUATION, F.END_HEADERS, 3)),
			PROTOCOL_ERROR,
		],
		[
			"a frame over the size",
			(peer) => peer.send(headers(1), data(1, Buffer.alloc(16_385))),
			FRAME_SIZE_ERROR,
		],
		[
			"padding longer than its frame",
			(peer) => peer.send(headers(1), data(1, Buffer.from([9, 1]), F.PADDED)),
			PROTOCOL_ERROR,
		],
		[
			"padding without a length",
			(peer) => peer.send(headers(1), data(1, Buffer.alloc(0), F.PADDED)),
			FRAME_SIZE_ERROR,
		],
		[
			"HEADERS with padding longer than they are",
			(peer) => peer.send(frame(T.HEADERS, F.END_HEADERS | F.PADDED, 1, Buffer.from([9, 0x82]))),
			PROTOCOL_ERROR,
		],
		[
			"HEADERS cut off in their priority",
			(peer) => peer.send(frame(T.HEADERS, F.END_HEADERS | F.PRIORITY, 1, Buffer.alloc(4))),
			FRAME_SIZE_ERROR,
		],
		[
			"a stream that depends on itself",
			(peer) => peer.send(frame(T.PRIORITY, 0, 1, Buffer.from([0, 0, 0, 1, 1]))),
			PROTOCOL_ERROR,
		],
		[
			"PRIORITY of another length",
			(peer) => peer.send(frame(T.PRIORITY, 0, 1, Buffer.alloc(4))),
			FRAME_SIZE_ERROR,
		],
		["SETTINGS on a stream", (peer) => peer.send(frame(T.SETTINGS, 0, 1)), PROTOCOL_ERROR],
		["SETTINGS cut off", (peer) => peer.send(frame(T.SETTINGS, 0, 0, Buffer.alloc(5))), FRAME_SIZE_ERROR],
		[
			"an acknowledgement with settings",
			(peer) => peer.send(frame(T.SETTINGS, F.ACK, 0, Buffer.alloc(6))),
			FRAME_SIZE_ERROR,
		],
		["PING on a stream", (peer) => peer.send(frame(T.PING, 0, 1, Buffer.alloc(8))), PROTOCOL_ERROR],
		["PING of another length", (peer) => peer.send(frame(T.PING, 0, 0, Buffer.alloc(7))), FRAME_SIZE_ERROR],
		["GOAWAY on a stream", (peer) => peer.send(frame(T.GOAWAY, 0, 1, Buffer.alloc(8))), PROTOCOL_ERROR],
		["GOAWAY cut off", (peer) => peer.send(frame(T.GOAWAY, 0, 0, Buffer.alloc(7))), FRAME_SIZE_ERROR],
		[
			"RST_STREAM of another length",
			(peer) => peer.send(headers(1), frame(T.RST_STREAM, 0, 1, Buffer.alloc(3))),
			FRAME_SIZE_ERROR,
		],
		["RST_STREAM on stream 0", (peer) => peer.send(reset(0)), PROTOCOL_ERROR],
		[
			"WINDOW_UPDATE of another length",
			(peer) => peer.send(frame(T.WINDOW_UPDATE, 0, 0, Buffer.alloc(3))),
			FRAME_SIZE_ERROR,
		],
	])("%s ends the connection, and no other", async (_name, act, code) => {
		const peer = await (await start()).connect();
		act(peer);
		await endedWith(peer, code);
	});

	test("what a peer sends before it hears of our reset is passed over, tables and windows in step", async () => {
		const peer = await (await start()).connect();
		const block = Buffer.concat([
			plainBlock(grpcFields(CHECK, { te: "gzip" })),
			Buffer.from([0x40, 1, 0x61, 1, 0x62]),
		]);
		peer.send(
			frame(T.HEADERS, F.END_HEADERS, 1, block),
			data(1, Buffer.alloc(100)),
			windowUpdate(1, 7),
			frame(T.HEADERS, F.END_HEADERS | F.END_STREAM, 1, Buffer.from([0x40, 1, 0x63, 1, 0x64])),
			reset(1),
			frame(
				T.HEADERS,
				F.END_HEADERS,
				3,
				Buffer.concat([plainBlock(grpcFields()), Buffer.from([0xbe, 0xbf])]),
			),
			data(3, grpcMessage("ask"), F.END_STREAM),
		);
		expect(await peer.answer(3)).toBe("ask");
		expect([peer.heard(1).reset, peer.goaways()]).toEqual([PROTOCOL_ERROR, []]);
	});
});

describe("how many streams", () => {
	test("one more than allowed is refused, and may come again", async () => {
		const held = gate();
		const peer = await (await start({ check: held.check }, { maxConcurrentStreams: 2 })).connect();
		peer.send(check(1), check(3), check(5));
		await peer.until(() => peer.heard(5).reset !== undefined);
		expect(peer.heard(5).reset).toBe(REFUSED_STREAM);
		held.open();
		await peer.answer(3);
		peer.send(check(7));
		await until(() => held.waiting() === 1);
		held.open();
		expect(await peer.answer(7)).toBe("ask");
		expect(lane.limitHits("max_concurrent_streams")).toBe(1);
	});

	test.each([
		["that the peer resets", (peer: RawPeer, stream: number) => peer.send(check(stream), reset(stream))],
		[
			"that it makes us reset",
			(peer: RawPeer, stream: number) => peer.send(check(stream), windowUpdate(stream, 0x7fffffff)),
		],
	])("work that goes on for streams %s counts until it is done", async (_name, act) => {
		const held = gate();
		const peer = await (await start({ check: held.check }, { maxConcurrentStreams: 3 })).connect();
		for (const stream of [1, 3, 5]) act(peer, stream);
		await until(() => held.waiting() === 3);
		peer.send(check(7));
		await peer.until(() => peer.heard(7).reset !== undefined);
		expect([peer.heard(7).reset, held.waiting(), lane.transport.inFlight()]).toEqual([REFUSED_STREAM, 3, 3]);
		held.open();
		await until(() => lane.transport.inFlight() === 0);
		peer.send(check(9));
		await until(() => held.waiting() === 1);
		held.open();
		expect(await peer.answer(9)).toBe("ask");
		for (const stream of [1, 3, 5]) expect(peer.heard(stream).data.length).toBe(0);
	});

	test("one more connection than allowed is closed", async () => {
		await start({}, {}, { maxConnections: 2 });
		const [first] = [await lane.connect(), await lane.connect()];
		const third = await lane.connect();
		await third.until(third.isClosed);
		first?.close();
		await until(async () => {
			const again = await lane.connect();
			again.send(check(1));
			return await again.answer(1).then(
				() => true,
				() => false,
			);
		});
		expect(lane.limitHits("lane.max_connections")).toBeGreaterThan(0);
	});
});

describe("the end", () => {
	const FAREWELL = 0x7fffffff;

	test("comes in two steps: what was begun before the peer knew is served", async () => {
		const held = gate();
		const { transport, connect } = await start({ check: held.check });
		const peer = await connect({ silent: true });
		peer.send(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings(), check(1));
		await until(() => held.waiting() === 1);
		const drained = transport.drain(5000);
		await peer.until(() => peer.frames.some(({ type }) => type === T.PING));
		expect(peer.goaways()).toEqual([{ last: FAREWELL, code: 0 }]);
		peer.send(check(3));
		await until(() => held.waiting() === 2);
		const ping = peer.frames.find(({ type }) => type === T.PING);
		peer.send(frame(T.PING, F.ACK, 0, ping?.payload ?? Buffer.alloc(0)));
		await peer.until(() => peer.goaways().length === 2);
		expect(peer.goaways()[1]).toEqual({ last: 3, code: 0 });
		peer.send(check(5), data(1, Buffer.alloc(0)).subarray(0, 0));
		await pause(20);
		expect(held.waiting()).toBe(2);
		held.open();
		expect([await peer.answer(1), await peer.answer(3)]).toEqual(["ask", "ask"]);
		await peer.until(peer.isClosed);
		expect(peer.heard(5)).toMatchObject({ heads: [], ended: false });
		await drained;
	});

	test("an idle connection is told, and closed", async () => {
		const { transport, connect } = await start();
		const peer = await connect();
		peer.send(check(1));
		await peer.answer(1);
		const began = performance.now();
		await transport.drain(60_000);
		expect(performance.now() - began).toBeLessThan(20_000);
		await peer.until(peer.isClosed);
		expect(peer.goaways().map(({ last }) => last)).toEqual([FAREWELL, 1]);
	});

	test("a peer that says GOAWAY gets its answers, and the connection ends", async () => {
		const held = gate();
		const peer = await (await start({ check: held.check })).connect();
		peer.send(check(1), frame(T.GOAWAY, 0, 0, Buffer.alloc(8)));
		await until(() => held.waiting() === 1);
		held.open();
		expect(await peer.answer(1)).toBe("ask");
		await peer.until(peer.isClosed);
	});

	test("a peer that ends its side of the socket gets the answers it asked for whole", async () => {
		const held = gate();
		const peer = await (await start({ check: held.check })).connect();
		peer.send(check(1), headers(3), data(3, grpcMessage("half").subarray(0, 6)));
		await until(() => held.waiting() === 1);
		peer.socket.end();
		await pause(20);
		held.open();
		expect(await peer.answer(1)).toBe("ask");
		await peer.until(peer.isClosed);
		expect(peer.heard(3).ended).toBe(false);
		await until(() => lane.transport.inFlight() === 0);
	});

	test("a peer that is gone leaves nothing behind", async () => {
		const held = gate();
		const abandoned: number[] = [];
		const process = {
			open: (): ProcessStream => ({
				receive: () => new Promise<Step>(() => {}),
				mayEnd: () => false,
				abandon: () => abandoned.push(1),
			}),
		};
		const peer = await (await start({ check: held.check, process })).connect();
		peer.send(check(1), headers(3), headers(5, grpcFields(PROCESS)), data(5, grpcMessage("x")));
		await until(() => lane.transport.inFlight() === 2);
		peer.socket.resetAndDestroy();
		await until(() => lane.transport.inFlight() === 1);
		expect(abandoned).toEqual([1]);
		held.open();
		await until(() => lane.transport.inFlight() === 0);
	});

	test("connections come of age, within a tenth to either side", async () => {
		await start({}, { maxConnectionAgeMs: 400, maxConnectionAgeGraceMs: 10_000 });
		const peers = await Promise.all(Array.from({ length: 8 }, () => lane.connect()));
		const began = performance.now();
		const ages = await Promise.all(
			peers.map(async (peer) => {
				await peer.until(() => peer.goaways().length > 0);
				return performance.now() - began;
			}),
		);
		expect(Math.min(...ages)).toBeGreaterThan(300);
		await Promise.all(peers.map((peer) => peer.until(peer.isClosed)));
	});

	test("a stream that outlives the grace of its connection's age ends with an error", async () => {
		const process = {
			open: (): ProcessStream => ({
				receive: (message) => ({ kind: "answer", message: Buffer.from(message) }),
				mayEnd: () => true,
				abandon: () => {},
			}),
		};
		const peer = await (
			await start({ process }, { maxConnectionAgeMs: 100, maxConnectionAgeGraceMs: 100 })
		).connect();
		peer.send(headers(1, grpcFields(PROCESS)), data(1, grpcMessage("x")));
		expect(await peer.status(1)).toBe("14");
		await peer.until(peer.isClosed);
	});

	test("an idle connection ends, one with a call does not", async () => {
		const held = gate();
		await start({ check: held.check }, { maxConnectionIdleMs: 150 });
		const [idle, busy] = [await lane.connect(), await lane.connect()];
		busy.send(check(1));
		await idle.until(idle.isClosed);
		expect(idle.goaways().map(({ code }) => code)).toEqual([0, 0]);
		await pause(200);
		expect(busy.isClosed()).toBe(false);
		held.open();
		expect(await busy.answer(1)).toBe("ask");
	});

	test("a peer that does not answer a PING is cut off, one that does is not", async () => {
		await start({}, { keepaliveMs: 100, keepaliveTimeoutMs: 100 });
		const dead = await lane.connect({ silent: true });
		dead.send(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings());
		const alive = await lane.connect();
		await dead.until(dead.isClosed);
		await pause(300);
		alive.send(check(1));
		expect(await alive.answer(1)).toBe("ask");
		expect(alive.frames.filter(({ type }) => type === T.PING).length).toBeGreaterThan(1);
	});
});

describe("a peer that leaves things half done", () => {
	const quick = { stallMs: 150 };

	test.each<[string, (peer: RawPeer) => void]>([
		["a preface", (peer) => peer.send(Buffer.from("PRI * HT"))],
		["SETTINGS", (peer) => peer.send(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))],
		["nothing at all", () => {}],
	])("that sent %s is cut off", async (_name, act) => {
		const peer = await (await start({}, {}, quick)).connect({ silent: true });
		act(peer);
		await endedWith(peer, ENHANCE_YOUR_CALM);
		expect(lane.limitHits("lane.stall_seconds")).toBe(1);
	});

	test.each<[string, (peer: RawPeer) => void]>([
		["a header block", (peer) => peer.send(headers(1, grpcFields(), 0))],
		["a frame", (peer) => peer.send(check(1).subarray(0, 20))],
		["the header of a frame", (peer) => peer.send(check(1).subarray(0, 5))],
	])("of which %s does not end is cut off", async (_name, act) => {
		const peer = await (await start({}, {}, quick)).connect();
		act(peer);
		await endedWith(peer, ENHANCE_YOUR_CALM);
	});

	test("a request that does not end is cancelled, however slowly it goes on; others are served", async () => {
		const peer = await (await start({}, {}, quick)).connect();
		peer.send(headers(1), headers(3), data(3, Buffer.from([0, 0, 0, 9, 9])));
		const drip = setInterval(() => peer.send(data(3, Buffer.from("x"))), 20);
		await peer.until(() => peer.heard(1).reset !== undefined && peer.heard(3).reset !== undefined);
		clearInterval(drip);
		expect([peer.heard(1).reset, peer.heard(3).reset]).toEqual([CANCEL, CANCEL]);
		peer.send(check(5));
		expect(await peer.answer(5)).toBe("ask");
		expect(lane.limitHits("lane.stall_seconds")).toBe(2);
	});

	test("a busy connection is not taken for one that stalls", async () => {
		const peer = await (await start({}, {}, quick)).connect();
		const bytes = Buffer.concat(Array.from({ length: 60 }, (_, at) => check(at * 2 + 1, "x".repeat(50))));
		// Every piece ends inside a frame, for longer than a stall may last.
		for (let at = 0; at < bytes.length; at += 137) {
			peer.send(bytes.subarray(at, at + 137));
			await pause(5);
		}
		expect((await peer.answer(119)).length).toBe(50);
	});

	test("an answer whose window does not open is cancelled, and its memory given back", async () => {
		const peer = await (await start({}, {}, quick)).connect({ settings: [[INITIAL_WINDOW, 0]] });
		peer.send(check(1));
		await peer.until(() => peer.heard(1).reset !== undefined);
		expect(peer.heard(1).reset).toBe(CANCEL);
		peer.send(settings([INITIAL_WINDOW, 100]), check(3));
		expect(await peer.answer(3)).toBe("ask");
	});

	test("a peer that reads nothing is not read from, and then cut off", async () => {
		let asked = 0;
		await start(
			{
				check: () => {
					asked++;
					return Buffer.alloc(16_000);
				},
			},
			{ maxConcurrentStreams: 10_000 },
			{ stallMs: 400 },
		);
		const peer = await lane.connect({ settings: [[INITIAL_WINDOW, 0x7fffffff]] });
		peer.send(windowUpdate(0, 0x7fff0000));
		peer.socket.pause();
		let stream = 1;
		for (; stream < 4000; stream += 2) peer.send(check(stream));
		await pause(150);
		// The kernel takes some megabytes; what it does not take is not worked on.
		expect(asked).toBeLessThan(1900);
		await until(() => lane.limitHits("lane.stall_seconds") === 1);
		const other = await lane.connect();
		other.send(check(1));
		expect((await other.answer(1)).length).toBe(16_000);
	});

	test("a slow reader gets everything, in order", async () => {
		await start(
			{ check: (request) => Buffer.concat([request, Buffer.alloc(16_000)]) },
			{ maxConcurrentStreams: 10_000 },
		);
		const peer = await lane.connect({ settings: [[INITIAL_WINDOW, 0x7fffffff]], patience: 30_000 });
		peer.send(windowUpdate(0, 0x7fff0000));
		const last = 1999;
		peer.socket.pause();
		for (let stream = 1; stream <= last; stream += 2) peer.send(check(stream, String(stream)));
		for (let sip = 0; sip < 20; sip++) {
			peer.socket.resume();
			await pause(2);
			peer.socket.pause();
			await pause(10);
		}
		peer.socket.resume();
		for (let stream = 1; stream <= last; stream += 2)
			expect((await peer.answer(stream)).startsWith(`${stream}\0`)).toBe(true);
	}, 60_000);
});

describe("a Process stream", () => {
	const echo = {
		open: (): ProcessStream => ({
			receive: (message) => ({ kind: "answer", message: Buffer.from(message) }),
			mayEnd: () => true,
			abandon: () => {},
		}),
	};

	test("shares its connection with Checks, and answers of megabytes with small ones", async () => {
		const peer = await (await start({ process: echo }, { maxMessageBytes: 4 << 20 })).connect({
			settings: [[INITIAL_WINDOW, 1 << 24]],
		});
		peer.send(windowUpdate(0, 1 << 24), headers(1, grpcFields(PROCESS)));
		const large = grpcMessage(Buffer.alloc(200_000, "b"));
		for (let at = 0; at < large.length; at += 16_384) peer.send(data(1, large.subarray(at, at + 16_384)));
		peer.send(check(3), data(1, grpcMessage("small")), data(1, Buffer.alloc(0), F.END_STREAM));
		expect(await peer.answer(3)).toBe("ask");
		expect(await peer.status(1)).toBe("0");
		const { data: answers } = peer.heard(1);
		expect([answers.readUInt32BE(1), answers.subarray(200_010).toString()]).toEqual([200_000, "small"]);
	});

	test("may hold several messages in one frame, and one in many", async () => {
		const peer = await (await start({ process: echo })).connect();
		peer.send(headers(1, grpcFields(PROCESS)));
		peer.send(data(1, Buffer.concat(["a", "b", "c"].map((text) => grpcMessage(text)))));
		for (const octet of grpcMessage("drop by drop")) peer.send(data(1, Buffer.from([octet])));
		peer.send(data(1, Buffer.alloc(0), F.END_STREAM));
		expect(await peer.status(1)).toBe("0");
		expect(peer.heard(1).data).toEqual(
			Buffer.concat(["a", "b", "c", "drop by drop"].map((text) => grpcMessage(text))),
		);
	});

	test("cut off in the middle of a message never ends with OK", async () => {
		const peer = await (await start({ process: echo })).connect();
		peer.send(headers(1, grpcFields(PROCESS)), data(1, grpcMessage("abc").subarray(0, 6), F.END_STREAM));
		expect(await peer.status(1)).toBe("3");
	});

	test("ended with an error while the peer still sends: trailers, and a reset behind them", async () => {
		const failing = {
			open: (): ProcessStream => ({
				receive: () => ({ kind: "fail", code: "invalid" }),
				mayEnd: () => false,
				abandon: () => {},
			}),
		};
		const peer = await (await start({ process: failing })).connect();
		peer.send(headers(1, grpcFields(PROCESS)), data(1, grpcMessage("x")), data(1, grpcMessage("y")));
		expect(await peer.status(1)).toBe("3");
		expect(peer.heard(1).heads.at(-1)).toMatchObject({ "grpc-message": "invalid" });
		await peer.until(() => peer.heard(1).reset !== undefined);
		expect([peer.heard(1).reset, lane.transport.inFlight()]).toEqual([0, 0]);
	});

	test("whose answers wait for a window at the deadline of a drain ends with an error", async () => {
		const { transport, connect } = await start({ process: echo });
		const peer = await connect({ settings: [[INITIAL_WINDOW, 3]] });
		peer.send(headers(1, grpcFields(PROCESS)), data(1, grpcMessage("x"), F.END_STREAM));
		await peer.until(() => peer.heard(1).data.length === 3);
		await transport.drain(100);
		await peer.until(peer.isClosed);
		expect(peer.heard(1).heads.at(-1)?.["grpc-status"]).not.toBe("0");
	});
});
