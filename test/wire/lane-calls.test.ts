import { afterEach, describe, expect, test } from "@jest/globals";
import type { TransportDeps } from "../../src/envoy/transport/types.ts";
import { F, frame, PREFACE, T } from "../support/lane/frames.ts";
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
	reset,
	settings,
} from "../support/lane/raw-peer.ts";

const INVALID_ARGUMENT = "3";
const NOT_FOUND = "5";
const RESOURCE_EXHAUSTED = "8";
const UNIMPLEMENTED = "12";
const INTERNAL = "13";

let lane: LaneFixture;
async function start(...args: Parameters<typeof startLaneFixture>): Promise<LaneFixture> {
	lane = await startLaneFixture(...args);
	return lane;
}
afterEach(() => lane.stop());

describe("the preface", () => {
	test("may come octet by octet", async () => {
		const peer = await (await start()).connect({ silent: true });
		for (const octet of Buffer.concat([PREFACE, settings(), check(1)])) {
			peer.send(Buffer.from([octet]));
			await new Promise((resolve) => setImmediate(resolve));
		}
		expect(await peer.answer(1)).toBe("ask");
	});

	test.each([
		["HTTP/1.1", Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n")],
		["one octet off", Buffer.concat([PREFACE.subarray(0, 23), Buffer.from("x")])],
		["no SETTINGS behind it", Buffer.concat([PREFACE, headers(1)])],
		["SETTINGS behind a PING", Buffer.concat([PREFACE, frame(T.PING, 0, 0, Buffer.alloc(8)), settings()])],
	])("%s: GOAWAY with PROTOCOL_ERROR, and the end", async (_name, bytes) => {
		const peer = await (await start()).connect({ silent: true });
		peer.send(bytes);
		await peer.until(peer.isClosed);
		expect(peer.goaways()).toEqual([{ last: 0, code: 1 }]);
	});

	test("says what we bear, and that our encoder keeps no table", async () => {
		const peer = await (await start({}, { maxConcurrentStreams: 7 })).connect();
		peer.send(check(1), check(3));
		await peer.answer(3);
		const [greeting] = peer.frames;
		expect(greeting).toMatchObject({ type: T.SETTINGS, flags: 0 });
		expect(greeting?.payload.toString("hex")).toBe("000300000007000400040000000600004000");
		const blocks = peer.frames.filter(({ type }) => type === T.HEADERS);
		expect(blocks.map(({ payload }) => payload[0] === 0x20)).toEqual([true, false, false, false]);
	});
});

describe("a Check", () => {
	test("in every form that HTTP/2 gives it", async () => {
		const peer = await (await start()).connect();
		const message = grpcMessage("hello");
		const priority = Buffer.from([0, 0, 0, 0, 16]);
		const block = plainBlock(grpcFields());
		const octets = (stream: number): Buffer[] => [
			...[...message].map((octet) => data(stream, Buffer.from([octet]))),
			data(stream, Buffer.alloc(0), F.END_STREAM),
		];
		const forms: ((stream: number) => Buffer[])[] = [
			(s) => [headers(s), data(s, message, F.END_STREAM)],
			(s) => [headers(s), data(s, message), data(s, Buffer.alloc(0), F.END_STREAM)],
			(s) => [headers(s), ...octets(s)],
			(s) => [
				headers(s),
				data(s, Buffer.concat([Buffer.from([3]), message, Buffer.alloc(3)]), F.PADDED | F.END_STREAM),
			],
			(s) => [
				frame(
					T.HEADERS,
					F.END_HEADERS | F.PADDED,
					s,
					Buffer.concat([Buffer.from([2]), block, Buffer.alloc(2)]),
				),
				data(s, message, F.END_STREAM),
			],
			(s) => [
				frame(
					T.HEADERS,
					F.END_HEADERS | F.PADDED | F.PRIORITY,
					s,
					Buffer.concat([Buffer.from([1]), priority, block, Buffer.alloc(1)]),
				),
				data(s, message, F.END_STREAM),
			],
			(s) => [
				frame(T.HEADERS, 0, s, block.subarray(0, 5)),
				frame(T.CONTINUATION, 0, s, block.subarray(5, 50)),
				frame(T.CONTINUATION, 0, s),
				frame(T.CONTINUATION, F.END_HEADERS, s, block.subarray(50)),
				data(s, message, F.END_STREAM),
			],
			(s) => [headers(s), data(s, message), headers(s, [["x-trailer", "1"]], F.END_HEADERS | F.END_STREAM)],
			(s) => [headers(s), frame(0xfa, 0xff, s, Buffer.from("unknown")), data(s, message, F.END_STREAM)],
			(s) => [headers(s), frame(T.PRIORITY, 0, s, priority), data(s, message, F.END_STREAM)],
			(s) => [
				headers(s, grpcFields(CHECK, { "content-length": String(message.length) })),
				data(s, message, F.END_STREAM),
			],
		];
		let stream = -1;
		for (const form of forms) {
			stream += 2;
			peer.send(...form(stream));
			expect(await peer.answer(stream)).toBe("hello");
		}
		// All at once, and cut at every place.
		const all = Buffer.concat(forms.flatMap((form, index) => form(stream + 2 + 2 * index)));
		for (let at = 0; at < all.length; at += 7) {
			peer.send(all.subarray(at, at + 7));
			if (at % 70 === 0) await new Promise((resolve) => setImmediate(resolve));
		}
		for (const index of forms.keys()) expect(await peer.answer(stream + 2 + 2 * index)).toBe("hello");
		expect(peer.goaways()).toEqual([]);
	});

	test("with an empty message, and with one of the largest size", async () => {
		const peer = await (await start({ check: (request) => Buffer.from(String(request.length)) })).connect();
		peer.send(headers(1), data(1, grpcMessage(""), F.END_STREAM));
		expect(await peer.answer(1)).toBe("0");
		const large = grpcMessage(Buffer.alloc(1 << 20));
		peer.send(headers(3));
		let sent = 0;
		// Within the stream's window: more only when the lane has given back.
		let window = 262_144;
		const widened = (): number =>
			peer.frames
				.filter(({ type, stream }) => type === T.WINDOW_UPDATE && stream === 3)
				.reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 262_144);
		while (sent < large.length) {
			const count = Math.min(16_384, large.length - sent, window);
			if (count === 0) {
				const before = window + sent;
				await peer.until(() => widened() > before, "a wider window");
				window = widened() - sent;
				continue;
			}
			peer.send(
				data(3, large.subarray(sent, sent + count), sent + count === large.length ? F.END_STREAM : 0),
			);
			sent += count;
			window -= count;
		}
		expect(await peer.answer(3)).toBe(String(1 << 20));
	});

	test("the caller's deadline reaches it; without one there is none", async () => {
		const seen: number[] = [];
		const peer = await (
			await start({
				check: (_request, deadline) => {
					seen.push(deadline);
					return Buffer.from("x");
				},
				clock: { now: () => 1_000_000, monotonic: () => performance.now() },
			})
		).connect();
		for (const [index, timeout] of ["250m", "2S", ""].entries()) {
			peer.send(
				headers(index * 2 + 1, grpcFields(CHECK, { "grpc-timeout": timeout })),
				data(index * 2 + 1, grpcMessage(""), F.END_STREAM),
			);
			await peer.answer(index * 2 + 1);
		}
		expect(seen).toEqual([1_000_250, 1_002_000, Number.POSITIVE_INFINITY]);
	});

	test("answers that take their time come when they are there, in any order", async () => {
		const waiting: ((text: string) => void)[] = [];
		const check_: TransportDeps["check"] = () =>
			new Promise((resolve) => waiting.push((text) => resolve(Buffer.from(text))));
		const peer = await (await start({ check: check_ })).connect();
		peer.send(check(1), check(3), check(5));
		await peer.until(() => waiting.length === 3 || peer.frames.length > 3).catch(() => {});
		while (waiting.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
		waiting[2]?.("third");
		expect(await peer.answer(5)).toBe("third");
		waiting[0]?.("first");
		waiting[1]?.("second");
		expect([await peer.answer(1), await peer.answer(3)]).toEqual(["first", "second"]);
		expect(lane.transport.inFlight()).toBe(0);
	});
});

describe("what is no call of ours", () => {
	test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>]>([
		["GET", { ":method": "GET" }, { ":status": "405" }],
		["another content type", { "content-type": "application/json" }, { ":status": "415" }],
		["no content type", { "content-type": "" }, { ":status": "415" }],
		["no te", { te: "" }, { ":status": "400" }],
		[
			"an unknown method",
			{ ":path": "/envoy.service.auth.v3.Authorization/Other" },
			{ "grpc-status": UNIMPLEMENTED },
		],
		["a service that is not served", { ":path": PROCESS }, { "grpc-status": UNIMPLEMENTED }],
		["a path with a query", { ":path": `${CHECK}?a` }, { "grpc-status": UNIMPLEMENTED }],
		["a malformed timeout", { "grpc-timeout": "soon" }, { "grpc-status": INTERNAL }],
		[
			"a coding",
			{ "grpc-encoding": "gzip" },
			{ "grpc-status": UNIMPLEMENTED, "grpc-accept-encoding": "identity" },
		],
	])("%s", async (_name, more, wanted) => {
		const peer = await (await start()).connect();
		const fields = grpcFields(CHECK, more);
		peer.send(headers(1, fields), data(1, grpcMessage("ask")));
		await peer.until(() => peer.heard(1).ended, "the end");
		expect(peer.heard(1).heads.at(-1)).toMatchObject(wanted);
		// The request was not complete when it was answered: nobody wants the rest (RFC 9113, section 8.1).
		expect(peer.heard(1).reset).toBe(0);
		peer.send(headers(3, fields, F.END_HEADERS | F.END_STREAM), check(5));
		expect(await peer.answer(5)).toBe("ask");
		await peer.until(() => peer.heard(3).ended, "the end");
		expect(peer.heard(3).reset).toBeUndefined();
		expect(peer.goaways()).toEqual([]);
	});

	test("HEAD has no text; GET has one that says what this is", async () => {
		const peer = await (await start()).connect();
		peer.send(headers(1, grpcFields("/", { ":method": "HEAD" }), F.END_HEADERS | F.END_STREAM));
		peer.send(headers(3, grpcFields("/", { ":method": "GET" }), F.END_HEADERS | F.END_STREAM));
		await peer.until(() => peer.heard(1).ended && peer.heard(3).ended);
		expect(peer.heard(1).data.toString()).toBe("");
		expect(peer.heard(3).data.toString()).toBe("this port speaks gRPC\n");
	});

	test.each<[string, Buffer[], string]>([
		["no message", [data(1, Buffer.alloc(0), F.END_STREAM)], UNIMPLEMENTED],
		[
			"two messages",
			[data(1, Buffer.concat([grpcMessage("a"), grpcMessage("b")]), F.END_STREAM)],
			UNIMPLEMENTED,
		],
		["two messages in two frames", [data(1, grpcMessage("a")), data(1, grpcMessage("b"))], UNIMPLEMENTED],
		["half a message", [data(1, grpcMessage("abc").subarray(0, 6), F.END_STREAM)], INVALID_ARGUMENT],
		["half a prefix", [data(1, Buffer.from([0, 0]), F.END_STREAM)], INVALID_ARGUMENT],
		["a compressed message", [data(1, grpcMessage("a", 1), F.END_STREAM)], UNIMPLEMENTED],
		["a flag nobody knows", [data(1, grpcMessage("a", 2), F.END_STREAM)], UNIMPLEMENTED],
		[
			"a message over the limit, before it has come",
			[data(1, Buffer.from([0, 0, 0x10, 0, 1]))],
			RESOURCE_EXHAUSTED,
		],
	])("%s", async (_name, frames, status) => {
		let asked = 0;
		const peer = await (
			await start({
				check: (request) => {
					asked++;
					return Buffer.from(request);
				},
			})
		).connect();
		peer.send(headers(1), ...frames);
		expect(await peer.status(1)).toBe(status);
		expect(asked).toBe(0);
		peer.send(check(3, "still well"));
		expect(await peer.answer(3)).toBe("still well");
	});

	test("headers over the limit are refused, and the table stays in step", async () => {
		const peer = await (await start({}, {}, { maxHeaderBytes: 4096 })).connect();
		const indexed = Buffer.concat([
			plainBlock(grpcFields()),
			Buffer.from([0x40, 3]),
			Buffer.from("x-a"),
			Buffer.from([1]),
			Buffer.from("v"),
		]);
		const large = plainBlock([["x-large", "v".repeat(3900)]]);
		peer.send(frame(T.HEADERS, F.END_HEADERS, 1, Buffer.concat([indexed, large])));
		expect(await peer.status(1)).toBe(RESOURCE_EXHAUSTED);
		peer.send(
			frame(T.HEADERS, F.END_HEADERS, 3, Buffer.concat([plainBlock(grpcFields()), Buffer.from([0xbe])])),
			data(3, grpcMessage("ask"), F.END_STREAM),
		);
		expect(await peer.answer(3)).toBe("ask");
		expect(lane.limitHits("lane.max_header_bytes")).toBe(1);
	});

	test("malformed requests are reset, each alone", async () => {
		const peer = await (await start()).connect();
		const malformed = [
			grpcFields(CHECK, { "X-Upper": "1" }),
			grpcFields(CHECK, { connection: "close" }),
			grpcFields(CHECK, { te: "gzip" }),
			grpcFields("relative"),
			grpcFields(CHECK, { ":scheme": "" }),
		];
		malformed.forEach((fields, index) => {
			peer.send(headers(index * 2 + 1, fields), data(index * 2 + 1, grpcMessage("ask"), F.END_STREAM));
		});
		peer.send(
			headers(21, grpcFields(CHECK, { "content-length": "3" })),
			data(21, grpcMessage("ask"), F.END_STREAM),
			headers(23, grpcFields(CHECK, { "content-length": "300" })),
			data(23, grpcMessage("ask"), F.END_STREAM),
			headers(25, grpcFields(CHECK, { "content-length": "3" }), F.END_HEADERS | F.END_STREAM),
			check(27),
		);
		expect(await peer.answer(27)).toBe("ask");
		for (const stream of [1, 3, 5, 7, 9, 21, 23, 25]) expect(peer.heard(stream).reset).toBe(1);
		expect(peer.goaways()).toEqual([]);
	});
});

describe("health", () => {
	const service = (name: string): Buffer =>
		grpcMessage(Buffer.concat([Buffer.from([0x0a, name.length]), Buffer.from(name)]));
	const HEALTH = "/grpc.health.v1.Health";
	const ask = (stream: number, message: Buffer, method: "Check" | "Watch"): Buffer =>
		Buffer.concat([headers(stream, grpcFields(`${HEALTH}/${method}`)), data(stream, message, F.END_STREAM)]);
	const statuses = (bytes: Buffer): number[] => {
		const found: number[] = [];
		for (let at = 0; at < bytes.length; at += 7) found.push(bytes[at + 6] ?? 0);
		return found;
	};

	test("of the process and of both services; of no other", async () => {
		const { transport, connect } = await start();
		const peer = await connect();
		let last = -1;
		const next = (): number => {
			last += 2;
			return last;
		};
		for (const serving of [false, true]) {
			transport.health.setServing(serving);
			for (const name of [
				"",
				"envoy.service.auth.v3.Authorization",
				"envoy.service.ext_proc.v3.ExternalProcessor",
			]) {
				peer.send(ask(next(), name === "" ? grpcMessage("") : service(name), "Check"));
				expect(Buffer.from(await peer.answer(last))).toEqual(Buffer.from([8, serving ? 1 : 2]));
			}
		}
		peer.send(ask(next(), service("other"), "Check"));
		expect(await peer.status(last)).toBe(NOT_FOUND);
		peer.send(ask(next(), grpcMessage(Buffer.from([0x0a, 9, 1])), "Check"));
		expect(await peer.status(last)).toBe(INVALID_ARGUMENT);
		peer.send(ask(next(), grpcMessage(Buffer.from([0x0a, 9, 1])), "Watch"));
		expect(await peer.status(last)).toBe(INVALID_ARGUMENT);
	});

	test("watched: told at once and at every change, and ended when the process drains", async () => {
		const { transport, connect } = await start();
		const peer = await connect();
		peer.send(
			ask(1, grpcMessage(""), "Watch"),
			ask(3, service("other"), "Watch"),
			ask(5, grpcMessage(""), "Watch"),
		);
		await peer.until(() => peer.heard(5).data.length === 7);
		transport.health.setServing(true);
		transport.health.setServing(true);
		await peer.until(() => peer.heard(1).data.length === 14 && peer.heard(5).data.length === 14);
		peer.send(reset(5));
		transport.health.setServing(false);
		await peer.until(() => peer.heard(1).data.length === 21);
		transport.health.setServing(true);
		const drained = transport.drain(1000);
		expect([await peer.status(1), await peer.status(3)]).toEqual(["14", "14"]);
		expect(statuses(peer.heard(1).data)).toEqual([2, 1, 2, 1, 2]);
		expect(statuses(peer.heard(3).data)).toEqual([3]);
		expect(statuses(peer.heard(5).data).slice(0, 2)).toEqual([2, 1]);
		await drained;
	});
});
